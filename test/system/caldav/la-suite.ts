// A stand-in for SabreDAV as La Suite runs it: a key and the organizer's name in headers, calendars that are created at a
// user's first request, case-sensitive paths, and one callback per attendee during PUT and DELETE, in sequence, before
// anything is written. Which changes cause callbacks, and their content, follows the iTIP broker of sabre/vobject 4.
import ICAL from 'ical.js';
import { request } from 'undici';
import { type FakeCaldav, type FakeChange, startFakeCaldav } from '../../adapters/caldav/fake-caldav.ts';
import { type CalendarServer, requestsTo } from '../../harness/calendar-server.ts';

export const laSuiteKey = 'la-suite-key';

/** The older variant uses X-Api-Key and `/calendars/{email}/`, the newer one X-LS-… and `/calendars/users/{email}/`. */
export type LaSuiteKind = 'api-key' | 'ls';

export interface LaSuite extends CalendarServer {
  readonly callbacks: readonly SentCallback[];
  /** Sets the URL of the callback from now on. */
  callBackTo(url: string, key: string): void;
}

export interface SentCallback extends ScheduleMessage {
  readonly status: number;
}

export interface ScheduleMessage {
  readonly uid: string;
  readonly method: 'REQUEST' | 'CANCEL';
  /** With `mailto:`, as the server sends them. */
  readonly sender: string;
  readonly recipient: string;
  readonly significant: boolean;
  readonly calendar: string;
}

export async function startLaSuite(kind: LaSuiteKind): Promise<LaSuite> {
  const names = kind === 'ls' ? ['x-ls-api-key', 'x-ls-user'] : ['x-api-key', 'x-forwarded-user'];
  const root = kind === 'ls' ? '/calendars/users/' : '/calendars/';
  const callbacks: SentCallback[] = [];
  let target: { url: string; key: string } | null = null;

  async function schedule(change: FakeChange): Promise<string | null> {
    const messages = change.headers['schedule-reply'] === 'F' ? [] : scheduleMessages(change);
    if (messages.length === 0) return change.after;
    // The time that reading, scheduling and writing take in PHP: the delay between the check of If-Match and the write.
    await new Promise((resolve) => setTimeout(resolve, 10));
    const statuses = new Map<string, string>();
    for (const message of messages) {
      const status = message.significant && target !== null ? await post(target, kind, message) : null;
      if (status !== null) callbacks.push({ ...message, status });
      statuses.set(message.recipient, status === null ? '1.0' : status < 400 ? '1.1' : '5.4');
    }
    return change.after === null ? null : withStatuses(change.after, statuses);
  }

  const server: FakeCaldav = await startFakeCaldav({
    root,
    schedule,
    user: (headers) =>
      headers[names[0] ?? ''] === laSuiteKey ? String(headers[names[1] ?? '']) : userOf(headers.authorization),
  });
  const user = (name: string) => {
    const email = `${name}@example.com`;
    return { email, username: email, password: `${name}pw`, calendar: `${root}${email}/default/` };
  };
  return {
    name: `La Suite (${kind})`,
    url: server.url,
    users: { alice: user('alice'), bob: user('bob') },
    service: null,
    home: `${root}{email}/`,
    ...requestsTo(server.url),
    callbacks,
    callBackTo: (url, key) => {
      target = { url, key };
    },
    stop: () => server.stop(),
  };
}

/** La Suite's web client is authenticated by a proxy; here Basic credentials name the user. */
function userOf(authorization: string | undefined): string | null {
  const login = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString('utf8');
  const [username = '', password = ''] = login.split(':');
  return username !== '' && password === `${username.split('@')[0] ?? ''}pw` ? username : null;
}

async function post(
  target: { url: string; key: string },
  kind: LaSuiteKind,
  message: ScheduleMessage,
): Promise<number> {
  const prefix = kind === 'ls' ? 'X-LS' : 'X-CalDAV';
  const { statusCode, body } = await request(target.url, {
    method: 'POST',
    headers: {
      'Content-Type': 'text/calendar',
      [kind === 'ls' ? 'X-LS-Api-Key' : 'X-Api-Key']: target.key,
      [`${prefix}-Sender`]: message.sender,
      [`${prefix}-Recipient`]: message.recipient,
      [`${prefix}-Method`]: message.method,
    },
    body: message.calendar,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  });
  await body.dump();
  return statusCode;
}

const significantProperties = ['dtstart', 'dtend', 'duration', 'rrule', 'rdate', 'exdate', 'status'];

type Instances = ReadonlyMap<string, ICAL.Component>;

/** Returns the messages that a change by the calendar's owner causes; none if the owner is not the organizer. */
export function scheduleMessages({ user, before, after }: Omit<FakeChange, 'headers'>): ScheduleMessage[] {
  const [old, made] = [before, after].map((text) => (text === null ? null : ICAL.Component.fromString(text)));
  const current = made ?? old;
  if (current === null || current === undefined) return [];
  const [oldInstances, newInstances] = [instancesOf(old ?? null), instancesOf(made ?? null)];
  const first = current.getFirstSubcomponent('vevent');
  const organizer = String(first?.getFirstPropertyValue('organizer') ?? '');
  if (first === null || organizer.toLowerCase() !== `mailto:${user.toLowerCase()}`) return [];
  const changed = significanceOf(oldInstances) !== significanceOf(newInstances);
  const recipients = new Set([...attendeesOf(oldInstances), ...attendeesOf(newInstances)]);
  recipients.delete(organizer);
  return [...recipients].map((recipient) => {
    const [was, is] = [oldInstances, newInstances].map((instances) => attendedBy(instances, recipient));
    const cancelled = (is ?? []).length === 0 || first.getFirstPropertyValue('status') === 'CANCELLED';
    const about = { uid: String(first.getFirstPropertyValue('uid')), sender: organizer, recipient };
    if (cancelled) {
      return { ...about, method: 'CANCEL', significant: true, calendar: cancelText(first, recipient, made === null) };
    }
    const significant = changed || String(was) !== String(is);
    return { ...about, method: 'REQUEST', significant, calendar: requestText(current, newInstances, is ?? []) };
  });
}

function instancesOf(calendar: ICAL.Component | null): Instances {
  const events = calendar?.getAllSubcomponents('vevent') ?? [];
  return new Map(events.map((event) => [String(event.getFirstPropertyValue('recurrence-id') ?? 'master'), event]));
}

/** Attendees whom the server notifies: not those with SCHEDULE-AGENT=CLIENT. */
function guestsOf(event: ICAL.Component): string[] {
  return event
    .getAllProperties('attendee')
    .filter((property) => property.getFirstParameter('schedule-agent') !== 'CLIENT')
    .map((property) => String(property.getFirstValue()));
}

function attendeesOf(instances: Instances): string[] {
  return [...instances.values()].flatMap(guestsOf);
}

function attendedBy(instances: Instances, attendee: string): string[] {
  return [...instances].filter(([, event]) => guestsOf(event).includes(attendee)).map(([id]) => id);
}

function significanceOf(instances: Instances): string {
  const each = [...instances.values()].map((event) =>
    significantProperties.flatMap((name) => event.getAllProperties(name).map((one) => one.toICALString())).join(),
  );
  return each.sort().join(';');
}

/** Returns the instances to which the attendee is invited; the others are excluded in the master. */
function requestText(calendar: ICAL.Component, instances: Instances, ids: readonly string[]): string {
  const message = newCalendar('REQUEST');
  for (const zone of calendar.getAllSubcomponents('vtimezone')) message.addSubcomponent(copyOf(zone));
  for (const id of ids) {
    const event = copyOf(instances.get(id) ?? calendar);
    for (const property of event.getAllProperties('attendee')) property.removeParameter('schedule-status');
    if (id === 'master') {
      for (const [other, component] of instances) {
        if (ids.includes(other)) continue;
        const excluded = new ICAL.Property('exdate');
        const value = component.getFirstPropertyValue('recurrence-id');
        if (value instanceof ICAL.Time) excluded.setValue(value);
        event.addProperty(excluded);
      }
    }
    event.updatePropertyWithValue('dtstamp', ICAL.Time.fromJSDate(new Date(), true));
    message.addSubcomponent(event);
  }
  return `${message.toString()}\r\n`;
}

/** Returns a CANCEL as short as SabreDAV's: without STATUS and other attendees. */
function cancelText(event: ICAL.Component, recipient: string, deleted: boolean): string {
  const message = newCalendar('CANCEL');
  const copy = new ICAL.Component('vevent');
  for (const name of ['uid', 'summary', 'dtstart', 'dtend', 'duration', 'organizer']) {
    const property = event.getFirstProperty(name);
    if (property !== null) copy.addProperty(new ICAL.Property(structuredClone(property.toJSON()), copy));
  }
  const sequence = Number(event.getFirstPropertyValue('sequence') ?? 0);
  copy.addPropertyWithValue('sequence', deleted ? sequence + 1 : sequence);
  copy.addPropertyWithValue('dtstamp', ICAL.Time.fromJSDate(new Date(), true));
  copy.addPropertyWithValue('attendee', recipient);
  message.addSubcomponent(copy);
  return `${message.toString()}\r\n`;
}

function newCalendar(method: string): ICAL.Component {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('version', '2.0');
  calendar.addPropertyWithValue('prodid', '-//example.com//as SabreDAV does//EN');
  calendar.addPropertyWithValue('method', method);
  return calendar;
}

function copyOf(component: ICAL.Component): ICAL.Component {
  return new ICAL.Component(structuredClone(component.toJSON()));
}

/** Sets SCHEDULE-STATUS in the first VEVENT only, and serializes the whole object again. */
function withStatuses(text: string, statuses: ReadonlyMap<string, string>): string {
  const calendar = ICAL.Component.fromString(text);
  for (const property of calendar.getFirstSubcomponent('vevent')?.getAllProperties('attendee') ?? []) {
    const status = statuses.get(String(property.getFirstValue()));
    if (status !== undefined) property.setParameter('schedule-status', status);
  }
  return `${calendar.toString()}\r\n`;
}
