// Checks the CalDAV server. In: a Config and an organizer; out: whether the server responds, grants access to that
// organizer's calendars, has one that we may write, and handles a conditional PUT. For the last, `probe-event.ts` writes an
// event without organizer and attendees, so that no server mails about it.
import { request } from 'undici';
import { calendarStoreOptions } from '../config/adapter-options.ts';
import { propfind } from '../../adapters/caldav/dav-query.ts';
import { type Access, openAuthorization } from '../../adapters/caldav/authorize.ts';
import { CalDavError } from '../../adapters/caldav/caldav-error.ts';
import { type Calendar, openCalendarFinder } from '../../adapters/caldav/find-calendars.ts';
import { type CalendarStoreOptions, openCalendarStore } from '../../adapters/caldav/open-calendar-store.ts';
import { type HttpClient, openHttpClient } from '../../adapters/caldav/send-request.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { type CheckResult, failed, messageOf, ok, type Report, skipped } from './check-result.ts';
import { loginSchemes } from './login-schemes.ts';
import { probeEvent } from './probe-event.ts';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** In the order in which they depend on each other. */
const NAMES = ['caldav', 'credentials', 'calendars', 'event'] as const;
const NAME_ORGANIZER = 'no organizer was given: --organizer alice@example.com';

/** `serverTime`: the Date of the server's response, in ms; null if it had none. */
export async function checkCaldav(
  config: Config,
  organizer: CalendarAddress | null,
  now: () => number,
  report: Report,
): Promise<{ serverTime: number | null }> {
  const { result, serverTime } = await checkReachable(config.caldavUrl);
  report(result);
  if (result.status === 'failed') {
    skipFrom('credentials', 'the server does not respond', report);
    return { serverTime };
  }
  const http = openHttpClient({ timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  try {
    await checkAccess(http, config, organizer, now, report);
  } finally {
    await http.close();
  }
  return { serverTime };
}

async function checkReachable(url: string): Promise<{ result: CheckResult; serverTime: number | null }> {
  const [name] = NAMES;
  try {
    const { statusCode, headers, body } = await request(url, {
      method: 'OPTIONS',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    const date = Date.parse(String(headers['date']));
    const serverTime = Number.isNaN(date) ? null : date;
    if (statusCode >= 500) {
      const todo = 'read the logs of the CalDAV server and of the proxy in front of it';
      return { result: failed(name, `${url} answers ${statusCode}`, todo), serverTime };
    }
    return { result: ok(name, `${url} answers (${statusCode})`), serverTime };
  } catch (error) {
    return { result: failed(name, `${url} is unreachable: ${reasonOf(error)}`, todoFor(error)), serverTime: null };
  }
}

/** The message of undici's AggregateError, for a name with several addresses, may be empty. */
function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return messageOf(inner);
}

function todoFor(error: unknown): string {
  const isTls = /certificate|self.signed|altnames|CERT_|SSL|TLS/i.test(reasonOf(error));
  return isTls
    ? 'set NODE_EXTRA_CA_CERTS to the CA that signed its certificate, or replace the certificate'
    : 'start the CalDAV server, or correct CALDAV_URL';
}

function skipFrom(first: (typeof NAMES)[number], why: string, report: Report): void {
  for (const name of NAMES.slice(NAMES.indexOf(first))) report(skipped(name, why));
}

async function checkAccess(
  http: HttpClient,
  config: Config,
  organizer: CalendarAddress | null,
  now: () => number,
  report: Report,
): Promise<void> {
  const options = calendarStoreOptions(config);
  if (organizer === null) {
    report(await checkServiceAccount(http, options));
    skipFrom('calendars', NAME_ORGANIZER, report);
    return;
  }
  const whom = `${organizer.asWritten} with CALDAV_AUTH=${config.caldavAuth.kind}`;
  const search = await findCalendars(http, options, organizer);
  if ('error' in search && !search.hasAccess) {
    report(failed('credentials', `no access for ${whom}: ${search.error}`, todoForAccess(config, search.challenge)));
    skipFrom('calendars', 'the server denies access', report);
    return;
  }
  report(ok('credentials', `the server grants access for ${whom}`));
  if ('error' in search) {
    report(failed('calendars', search.error, 'set CALDAV_HOME, for example to /calendars/{email}/ or /{localpart}/'));
    skipFrom('event', 'there is no calendar to write to', report);
    return;
  }
  const { access } = search;
  const calendars = search.calendars.filter(({ writable }) => writable);
  report(judgeCalendars(organizer, config.caldavHome, calendars));
  const [calendar] = calendars.filter(({ own, components }) => own && components.includes('VEVENT'));
  if (calendar === undefined) return skipFrom('event', 'there is no calendar to write to', report);
  const store = openCalendarStore({ ...options, timeoutMs: TIMEOUT_MS });
  try {
    report(await probeEvent({ http, access, store, calendar: calendar.url, organizer, now: now() }));
  } finally {
    await store.close();
  }
}

/** A service account can be checked without an organizer; the other kinds of access act as the organizer. */
async function checkServiceAccount(http: HttpClient, options: CalendarStoreOptions): Promise<CheckResult> {
  const name = 'credentials';
  if (options.auth.kind !== 'basic') return skipped(name, NAME_ORGANIZER);
  try {
    const anybody = calendarAddress('check@example.com') ?? { key: '', asWritten: '' };
    const access = openAuthorization(options.url, options.auth)(anybody);
    await propfind(http, access.url, access.headers, ['d:current-user-principal'], '0');
    return ok(name, `the server accepts the login of ${options.auth.username}`);
  } catch (error) {
    const todo = 'set CALDAV_USERNAME and CALDAV_PASSWORD to an account of the server';
    return failed(name, messageOf(error), todoForScheme(challengeOf(error)) ?? todo);
  }
}

type CalendarSearch =
  | { readonly access: Access; readonly calendars: readonly Calendar[] }
  | { readonly error: string; readonly hasAccess: boolean; readonly challenge: string | null };

async function findCalendars(
  http: HttpClient,
  { url, auth, home }: CalendarStoreOptions,
  organizer: CalendarAddress,
): Promise<CalendarSearch> {
  try {
    const access = openAuthorization(url, auth)(organizer);
    const { calendars } = await openCalendarFinder(http, home).list(access, organizer, true);
    return { access, calendars };
  } catch (error) {
    const isDenied = error instanceof GatewayError && ['caldav-unauthorized', 'config-invalid'].includes(error.code);
    return { error: messageOf(error), hasAccess: !isDenied, challenge: challengeOf(error) };
  }
}

function challengeOf(error: unknown): string | null {
  return error instanceof CalDavError ? error.challenge : null;
}

/** The gateway logs in with Basic only. Returns null if the server offers Basic, or does not say what it offers. */
function todoForScheme(challenge: string | null): string | null {
  const schemes = loginSchemes(challenge ?? '');
  if (schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic')) return null;
  return `the server asks for ${schemes.join(' or ')}; allow Basic there`;
}

function todoForAccess({ caldavAuth, caldavUsername }: Config, challenge: string | null): string {
  const usesBasic = ['basic', 'accounts'].includes(caldavAuth.kind) || caldavUsername !== null;
  const todo = usesBasic ? todoForScheme(challenge) : null;
  if (todo !== null) return todo;
  switch (caldavAuth.kind) {
    case 'basic':
      return 'set CALDAV_USERNAME and CALDAV_PASSWORD to an account that may read and write the organizers’ calendars';
    case 'accounts':
      return `correct the organizer's entry in ${caldavAuth.file}`;
    case 'remote-user':
      return 'let the server trust that header from this machine, or set CALDAV_USERNAME and CALDAV_PASSWORD';
    default:
      return 'set CALDAV_OUTBOUND_API_KEY to the key that the server expects, or choose another CALDAV_AUTH';
  }
}

function judgeCalendars(organizer: CalendarAddress, home: string | null, calendars: readonly Calendar[]): CheckResult {
  if (calendars.length === 0) {
    const where = home === null ? '' : ` under ${home}`;
    const todo =
      home === null
        ? 'create a calendar for the organizer, and let the gateway write it'
        : 'correct CALDAV_HOME, or let the gateway write the calendars there';
    return failed('calendars', `${organizer.asWritten} has no calendar${where} that we may write`, todo);
  }
  const count = calendars.length === 1 ? 'one calendar' : `${calendars.length} calendars`;
  return ok('calendars', `${organizer.asWritten} has ${count} that we may write`);
}
