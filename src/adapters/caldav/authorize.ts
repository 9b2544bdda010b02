// Credentials for an organizer's calendars. In: the CALDAV_AUTH method and an organizer; out: the server's URL, the headers
// of each request, and whether we act as the organizer or as a service account. It refuses an organizer who is not in the
// accounts file.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { CalDavError } from './caldav-error.ts';

export type CalDavAuth =
  /** `X-Api-Key` with the key, and `X-Forwarded-User` with the organizer's address. */
  | { readonly kind: 'api-key'; readonly key: string }
  /** `X-LS-Api-Key` with the key, and `X-LS-User` with the organizer's address. */
  | { readonly kind: 'ls'; readonly key: string }
  /** One service account that may write all organizers' calendars. */
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /**
   * The organizer's address in the named header. The server trusts it because of our IP address, or because we also log
   * in with an account that may impersonate (Cyrus: `Authorize-As` from one of its `proxyservers`).
   */
  | { readonly kind: 'remote-user'; readonly header: string; readonly username?: string; readonly password?: string }
  /** A JSON file: organizer → `{url?, username, password}`. It is reloaded when it changes. */
  | { readonly kind: 'accounts'; readonly file: string };

export interface Access {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `organizer` means that the server's current-user-principal is the organizer's. */
  readonly actsAs: 'organizer' | 'service-account';
}

export type Authorize = (organizer: CalendarAddress) => Access;

/** Throws `config-invalid` at once if the accounts file cannot be used. */
export function openAuthorization(url: string, auth: CalDavAuth): Authorize {
  const asOrganizer = (headers: Record<string, string>): Access => ({ url, headers, actsAs: 'organizer' });
  switch (auth.kind) {
    case 'api-key':
      return (organizer) => asOrganizer({ 'X-Api-Key': auth.key, 'X-Forwarded-User': organizer.asWritten });
    case 'ls':
      return (organizer) => asOrganizer({ 'X-LS-Api-Key': auth.key, 'X-LS-User': organizer.asWritten });
    case 'remote-user': {
      const { header, username, password = '' } = auth;
      const login = username === undefined ? {} : basic(username, password);
      return (organizer) => asOrganizer({ ...login, [header]: organizer.asWritten });
    }
    case 'basic':
      return () => ({ url, headers: basic(auth.username, auth.password), actsAs: 'service-account' });
    case 'accounts':
      return openAccounts(url, auth.file);
  }
}

function basic(username: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}` };
}

const accountsSchema = z.record(
  z.string(),
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).optional(),
    username: z.string().min(1),
    password: z.string(),
  }),
);

type Accounts = ReadonlyMap<string, z.infer<typeof accountsSchema>[string]>;

function openAccounts(defaultUrl: string, file: string): Authorize {
  let version = fileVersion(file);
  let accounts = readAccounts(file);
  let reloadError: GatewayError | null = null;

  // If the changed file is invalid, the old accounts stay in force, so that a typo does not stop the processing of answers.
  function reloadIfChanged(): void {
    const current = fileVersion(file);
    if (current === version) return;
    version = current;
    try {
      accounts = readAccounts(file);
      reloadError = null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      reloadError = error;
    }
  }

  return (organizer) => {
    reloadIfChanged();
    const account = accounts.get(organizer.key);
    if (account === undefined) {
      const note = reloadError === null ? '' : ` (the changed file has not been reloaded: ${reloadError.message})`;
      const message = `${file} has no account for ${organizer.asWritten}${note}`;
      throw new CalDavError('caldav-unauthorized', message, { temporary: true, cause: reloadError });
    }
    return { url: account.url ?? defaultUrl, headers: basic(account.username, account.password), actsAs: 'organizer' };
  };
}

/** Returns a text that changes with the file: inode, size and modification time; '' if there is no file. */
function fileVersion(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

function readAccounts(file: string): Accounts {
  const parsed = accountsSchema.safeParse(readJson(file));
  if (!parsed.success) throw new GatewayError('config-invalid', `${file}: ${z.prettifyError(parsed.error)}`);
  return new Map(
    Object.entries(parsed.data).map(([organizer, account]) => {
      const address = calendarAddress(organizer);
      if (address === null) throw new GatewayError('config-invalid', `${file}: ${organizer} is not a mail address`);
      return [address.key, account];
    }),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The cause is left out: a JSON error quotes the text around the mistake, and that may be a password.
    throw new GatewayError('config-invalid', `${file} cannot be read, or is not valid JSON`);
  }
}
