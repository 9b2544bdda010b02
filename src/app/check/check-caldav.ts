// The CalDAV server: is it there, does it let us in for that organizer, has the organizer a calendar we may write, and does
// a conditional write work: a probe event is made, found, changed, changed from a stale copy (which must be refused), and
// removed. It names nobody, so that no server mails about it.
import { request } from 'undici';
import { calendarStoreOptions } from '../config/adapter-options.ts';
import { propfind } from '../../adapters/caldav/dav-query.ts';
import { type Access, openAuthorization } from '../../adapters/caldav/authorize.ts';
import { type Calendar, openCalendarFinder } from '../../adapters/caldav/find-calendars.ts';
import { type CalendarStoreOptions, openCalendarStore } from '../../adapters/caldav/open-calendar-store.ts';
import { type HttpClient, openHttpClient } from '../../adapters/caldav/send-request.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { failed, messageOf, ok, skipped } from './link.ts';
import { probeEvent } from './probe-event.ts';
import type { Link, Tell } from './types.ts';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 16 * 1024 * 1024;
const LINKS = ['caldav', 'credentials', 'calendars', 'event'] as const;

/** Gives the server's own time, ms, where it said one. */
export async function checkCaldav(
  config: Config,
  organizer: CalendarAddress | null,
  now: () => number,
  tell: Tell,
): Promise<{ serverTime: number | null }> {
  const { link, serverTime } = await checkReachable(config.caldavUrl);
  tell(link);
  if (link.status === 'failed') {
    skipFrom('credentials', 'the server must be there first', tell);
    return { serverTime };
  }
  const http = openHttpClient({ timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  try {
    await checkAccess(http, config, organizer, now, tell);
  } finally {
    await http.close();
  }
  return { serverTime };
}

async function checkReachable(url: string): Promise<{ link: Link; serverTime: number | null }> {
  const [name] = LINKS;
  try {
    const { statusCode, headers, body } = await request(url, {
      method: 'OPTIONS',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    const date = Date.parse(String(headers['date']));
    const serverTime = Number.isNaN(date) ? null : date;
    if (statusCode >= 500) {
      const todo = 'look at the CalDAV server and at the proxy before it';
      return { link: failed(name, `${url} answers ${statusCode}`, todo), serverTime };
    }
    return { link: ok(name, `${url} answers (${statusCode})`), serverTime };
  } catch (error) {
    return { link: failed(name, `${url} cannot be reached: ${reasonOf(error)}`, remedyFor(error)), serverTime: null };
  }
}

/** undici's own message may be empty where every address of a name failed. */
function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return messageOf(inner);
}

function remedyFor(error: unknown): string {
  const isTls = /certificate|self.signed|altnames|CERT_|SSL|TLS/i.test(reasonOf(error));
  return isTls
    ? 'name the CA that signed its certificate in NODE_EXTRA_CA_CERTS, or mend the certificate'
    : 'start the CalDAV server, or set CALDAV_URL to where it is';
}

function skipFrom(first: (typeof LINKS)[number], why: string, tell: Tell): void {
  for (const name of LINKS.slice(LINKS.indexOf(first))) tell(skipped(name, why));
}

async function checkAccess(
  http: HttpClient,
  config: Config,
  organizer: CalendarAddress | null,
  now: () => number,
  tell: Tell,
): Promise<void> {
  const options = calendarStoreOptions(config);
  if (organizer === null) {
    tell(await checkServiceAccount(http, options));
    skipFrom('calendars', 'name an organizer: --organizer alice@example.com', tell);
    return;
  }
  const whom = `${organizer.asWritten} with CALDAV_AUTH=${config.caldavAuth.kind}`;
  const finding = await findCalendars(http, options, organizer);
  if ('error' in finding && !finding.letIn) {
    tell(failed('credentials', `no access for ${whom}: ${finding.error}`, ...credentialsOf(config)));
    skipFrom('calendars', 'without access nothing can be read', tell);
    return;
  }
  tell(ok('credentials', `the server lets us act for ${whom}`));
  if ('error' in finding) {
    tell(failed('calendars', finding.error, 'set CALDAV_HOME, such as /calendars/{email}/ or /{localpart}/'));
    skipFrom('event', 'there is no calendar to write to', tell);
    return;
  }
  const { access, calendars } = finding;
  tell(judgeCalendars(organizer, config.caldavHome, calendars));
  const [calendar] = calendars.filter(({ own, components }) => own && components.includes('VEVENT'));
  if (calendar === undefined) return skipFrom('event', 'there is no calendar to write to', tell);
  const store = openCalendarStore({ ...options, timeoutMs: TIMEOUT_MS });
  try {
    tell(await probeEvent({ http, access, store, calendar: calendar.url, organizer, now: now() }));
  } finally {
    await store.close();
  }
}

/** An account of the gateway's own can be tried without naming an organizer; whoever acts as the organizer cannot. */
async function checkServiceAccount(http: HttpClient, options: CalendarStoreOptions): Promise<Link> {
  const name = 'credentials';
  if (options.auth.kind !== 'basic') return skipped(name, 'name an organizer: --organizer alice@example.com');
  try {
    const anybody = calendarAddress('check@example.com') ?? { key: '', asWritten: '' };
    const access = openAuthorization(options.url, options.auth)(anybody);
    await propfind(http, access.url, access.headers, ['d:current-user-principal'], '0');
    return ok(name, `the server lets ${options.auth.username} in`);
  } catch (error) {
    return failed(name, messageOf(error), 'set CALDAV_USERNAME and CALDAV_PASSWORD to an account of the server');
  }
}

type Finding =
  | { readonly access: Access; readonly calendars: readonly Calendar[] }
  | { readonly error: string; readonly letIn: boolean };

async function findCalendars(
  http: HttpClient,
  { url, auth, home }: CalendarStoreOptions,
  organizer: CalendarAddress,
): Promise<Finding> {
  try {
    const access = openAuthorization(url, auth)(organizer);
    const { calendars } = await openCalendarFinder(http, home).list(access, organizer, true);
    return { access, calendars };
  } catch (error) {
    const letIn = !(error instanceof GatewayError && ['caldav-unauthorized', 'config-invalid'].includes(error.code));
    return { error: messageOf(error), letIn };
  }
}

function credentialsOf(config: Config): string[] {
  switch (config.caldavAuth.kind) {
    case 'basic':
      return [
        'set CALDAV_USERNAME and CALDAV_PASSWORD to an account that may read and write the organizers’ calendars',
      ];
    case 'accounts':
      return [`mend the organizer's entry in ${config.caldavAuth.file}`];
    case 'remote-user':
      return ['let the server believe that header from this machine, or set CALDAV_USERNAME and CALDAV_PASSWORD'];
    default:
      return ['set CALDAV_OUTBOUND_API_KEY to the key that the server knows, or CALDAV_AUTH to what it wants'];
  }
}

function judgeCalendars(organizer: CalendarAddress, home: string | null, calendars: readonly Calendar[]): Link {
  if (calendars.length === 0) {
    const where = home === null ? '' : ` under ${home}`;
    return failed(
      'calendars',
      `${organizer.asWritten} has no calendar${where} that we may write`,
      home === null ? 'give the organizer a calendar, and us the right to write it' : 'mend CALDAV_HOME, or the rights',
    );
  }
  const count = calendars.length === 1 ? 'one calendar' : `${calendars.length} calendars`;
  return ok('calendars', `${organizer.asWritten} has ${count} that we may write`);
}
