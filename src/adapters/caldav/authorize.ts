// How we may act in an organizer's calendars. In: the way of CALDAV_AUTH and an organizer; out: the server's URL and the
// headers of each request, and whether the server sees the organizer or a service account. It refuses an organizer whom
// the accounts file does not know.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { CalDavError } from './caldav-error.ts';

export type CalDavAuth =
  /** `X-Api-Key` and, for whom we act, `X-Forwarded-User`. */
  | { readonly kind: 'api-key'; readonly key: string }
  /** `X-LS-Api-Key` and `X-LS-User`. */
  | { readonly kind: 'ls'; readonly key: string }
  /** One service account that may write the organizers' calendars. */
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /**
   * The organizer's address in that header: believed because of where we connect from, or because of the account that
   * we log in with besides (Cyrus: `Authorize-As` from one of its `proxyservers`).
   */
  | { readonly kind: 'remote-user'; readonly header: string; readonly username?: string; readonly password?: string }
  /** JSON: organizer → `{url?, username, password}`; read again when it changes. */
  | { readonly kind: 'accounts'; readonly file: string };

export interface Access {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `organizer`: the server takes us for the organizer, so its current-user-principal is the organizer's. */
  readonly actsAs: 'organizer' | 'service-account';
}

export type Authorize = (organizer: CalendarAddress) => Access;

/** Throws `config-invalid` at once where the accounts file cannot be used. */
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
  let stamp = stampOf(file);
  let accounts = readAccounts(file);
  let fault: GatewayError | null = null;

  // A file that became unreadable leaves the accounts known so far in force: saving it badly must not stop the answers.
  function reloadIfChanged(): void {
    const now = stampOf(file);
    if (now === stamp) return;
    stamp = now;
    try {
      accounts = readAccounts(file);
      fault = null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      fault = error;
    }
  }

  return (organizer) => {
    reloadIfChanged();
    const account = accounts.get(organizer.key);
    if (account === undefined) {
      const why = fault === null ? '' : ` (the file has not been reloaded: ${fault.message})`;
      const message = `${file} has no account for ${organizer.asWritten}${why}`;
      throw new CalDavError('caldav-unauthorized', message, { temporary: true, cause: fault });
    }
    return { url: account.url ?? defaultUrl, headers: basic(account.username, account.password), actsAs: 'organizer' };
  };
}

/** Size and time of the last change; '' while there is no file. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

function readAccounts(file: string): Accounts {
  const parsed = accountsSchema.safeParse(readJson(file));
  if (!parsed.success) throw new GatewayError('config-invalid', `${file}: ${z.prettifyError(parsed.error)}`);
  return new Map(
    Object.entries(parsed.data).map(([organizer, account]) => {
      const address = calendarAddress(organizer);
      if (address === null) throw new GatewayError('config-invalid', `${file}: ${organizer} is no address`);
      return [address.key, account];
    }),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Without the cause: a JSON error quotes the text around the fault, and that may be a password.
    throw new GatewayError('config-invalid', `${file} is no readable JSON file`);
  }
}
