// What each CalDAV server of the system tests offers to a test. In: a base URL and credentials; out: plain GET, PUT, DELETE
// and MKCALENDAR requests, as an organizer's client sends them.
import { request } from 'undici';

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface CalendarUser extends Login {
  readonly email: string;
  /** The path of the user's calendar. */
  readonly calendar: string;
}

export interface CalendarServer {
  readonly name: string;
  readonly url: string;
  readonly users: { readonly alice: CalendarUser; readonly bob: CalendarUser };
  /** The account that may read and write every calendar; null if the server has none. */
  readonly service: Login | null;
  /** CALDAV_HOME for this server. */
  readonly home: string;
  /** Makes a calendar as its owner. @param path of the new calendar */
  makeCalendar(owner: CalendarUser, path: string): Promise<void>;
  /** An unconditional request by the owner; the path is used as given. */
  putEvent(owner: CalendarUser, path: string, text: string): Promise<void>;
  getEvent(owner: CalendarUser, path: string): Promise<{ text: string; etag: string | null } | null>;
  deleteEvent(owner: CalendarUser, path: string): Promise<void>;
  stop(): Promise<void>;
}

type Requests = Pick<CalendarServer, 'makeCalendar' | 'putEvent' | 'getEvent' | 'deleteEvent'>;

export function requestsTo(url: string): Requests {
  async function send(user: Login, method: string, path: string, body: string | null, type: string) {
    const answer = await request(new URL(path, url), {
      method: method as 'GET',
      headers: { authorization: basic(user), 'content-type': type },
      body,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  return {
    async makeCalendar(owner, path) {
      const props = `<D:displayname>${path.split('/').at(-2) ?? 'calendar'}</D:displayname>`;
      const body = `<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>${props}</D:prop></D:set></C:mkcalendar>`;
      const { status, text } = await send(owner, 'MKCALENDAR', path, body, 'application/xml');
      if (status !== 201) throw new Error(`MKCALENDAR ${path}: ${status} ${text}`);
    },
    async putEvent(owner, path, body) {
      const { status, text } = await send(owner, 'PUT', path, body, 'text/calendar; charset=utf-8');
      if (![200, 201, 204].includes(status)) throw new Error(`PUT ${path}: ${status} ${text}`);
    },
    async getEvent(owner, path) {
      const { status, headers, text } = await send(owner, 'GET', path, null, 'text/plain');
      const etag = headers['etag'];
      return status === 200 ? { text, etag: typeof etag === 'string' ? etag : null } : null;
    },
    async deleteEvent(owner, path) {
      const { status, text } = await send(owner, 'DELETE', path, null, 'text/plain');
      if (![200, 204].includes(status)) throw new Error(`DELETE ${path}: ${status} ${text}`);
    },
  };
}

function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export interface Invitee {
  readonly email: string;
  readonly partstat?: string;
  /** Additional parameters, such as `;SCHEDULE-AGENT=CLIENT`. */
  readonly params?: string;
}

/** Returns a small meeting as a client stores it, with CRLF and without folding (all lines are short). */
export function meeting(options: {
  uid: string;
  organizer: string;
  attendees: readonly Invitee[];
  sequence?: number;
  extra?: readonly string[];
}): string {
  const attendees = options.attendees.map(
    ({ email, partstat = 'NEEDS-ACTION', params = '' }) =>
      `ATTENDEE;PARTSTAT=${partstat};RSVP=TRUE${params}:mailto:${email}`,
  );
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//example.com//system test//EN',
    'BEGIN:VEVENT',
    `UID:${options.uid}`,
    'DTSTAMP:20270101T000000Z',
    'DTSTART:20270301T100000Z',
    'DTEND:20270301T110000Z',
    'SUMMARY:Planning',
    `SEQUENCE:${options.sequence ?? 0}`,
    `ORGANIZER:mailto:${options.organizer}`,
    ...attendees,
    ...(options.extra ?? []),
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}
