// The CalDAV server of the playground: npm caldav-adapter on loopback, with one calendar per user in memory. In: requests of
// the gateway (with the API key and a user, or as the service account) and events of the organizer; out: stored events, and
// a notification of each change. It refuses unknown users and writes with an old ETag, and posts no scheduling callbacks.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import caldav, {
  type AdapterCalendar,
  type AdapterData,
  type AdapterEvent,
  type Principal,
  type Target,
} from 'caldav-adapter';
import Koa, { type Context, type Next } from 'koa';
import { GatewayError } from '../core/errors.ts';
import { listen } from '../doors/listen.ts';

export interface CalendarChange {
  /** The user whose calendar changed. */
  readonly email: string;
  readonly href: string;
  /** null if the event was deleted. */
  readonly text: string | null;
}

export interface EmbeddedCaldav {
  /** `http://127.0.0.1:port/` */
  readonly url: string;
  /** For `CALDAV_AUTH=api-key`. */
  readonly apiKey: string;
  /** For `CALDAV_AUTH=basic`; it may write every user's calendar. */
  readonly service: { readonly username: string; readonly password: string };
  /** Adds a user with an empty calendar, unless there is one. */
  addUser(email: string): void;
  /** Stores an event unconditionally, as the organizer's client would, and returns its href. */
  putEvent(email: string, uid: string, text: string): string;
  /** Returns the current event, or null. */
  getEvent(email: string, uid: string): { readonly href: string; readonly text: string } | null;
  /** Calls the listener after each change; returns the function that unsubscribes. */
  onChange(listener: (change: CalendarChange) => void): () => void;
  close(): Promise<void>;
}

interface Stored {
  readonly text: string;
  readonly etag: string;
}

type Events = Map<string, Stored>;

const CALENDAR_ID = 'calendar';
const MAX_EVENTS = 1_000;
/** Longer than that of clients, because a server that closes first may reset a request. */
const KEEP_ALIVE_MS = 60_000;

export async function startEmbeddedCaldav(): Promise<EmbeddedCaldav> {
  const apiKey = randomBytes(18).toString('base64url');
  const service = { username: 'service', password: randomBytes(18).toString('base64url') };
  const users = new Map<string, Events>();
  const listeners = new Set<(change: CalendarChange) => void>();
  const notify = (change: CalendarChange): void => {
    for (const listener of listeners) listener(change);
  };

  const app = new Koa();
  app.silent = true;
  app.use(acceptApiKey(apiKey));
  app.use(
    caldav({
      caldavRoot: '/',
      calendarRoot: 'calendars',
      principalRoot: 'principals',
      authRealm: 'playground',
      data: calendarData(users, notify),
      authenticate: (ctx, login) => authenticate(ctx, login, service, users),
    }),
  );
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app.callback());
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, 'CalDAV server');

  return {
    url: `http://127.0.0.1:${port}/`,
    apiKey,
    service,
    addUser(email) {
      if (!users.has(email)) users.set(email, new Map());
    },
    putEvent(email, uid, text) {
      const href = hrefOf(email, `${uid}.ics`);
      store(eventsOf(users, email), `${uid}.ics`, text);
      notify({ email, href, text });
      return href;
    },
    getEvent(email, uid) {
      const stored = users.get(email)?.get(`${uid}.ics`);
      return stored === undefined ? null : { href: hrefOf(email, `${uid}.ics`), text: stored.text };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** caldav-adapter supports only Basic, so a request with the API key passes its user to `authenticate` in the state. */
function acceptApiKey(apiKey: string): (ctx: Context, next: Next) => Promise<void> {
  return async (ctx, next) => {
    if (ctx.get('x-api-key') === apiKey) {
      ctx.state['actsAs'] = ctx.get('x-forwarded-user');
      ctx.req.headers.authorization = `Basic ${Buffer.from('key:key').toString('base64')}`;
    }
    await next();
  };
}

function authenticate(
  ctx: Context,
  login: { username: string; password: string; principalId: string | undefined },
  service: { username: string; password: string },
  users: ReadonlyMap<string, Events>,
): Principal | null {
  const isService = login.username === service.username && login.password === service.password;
  const email: unknown = isService ? login.principalId : ctx.state['actsAs'];
  if (typeof email !== 'string' || !users.has(email)) return null;
  if (login.principalId !== undefined && login.principalId !== email) return null;
  return { principalId: email, principalName: email, email };
}

function calendarData(users: ReadonlyMap<string, Events>, notify: (change: CalendarChange) => void): AdapterData {
  const calendarOf = (email: string): AdapterCalendar => ({
    principalId: email,
    calendarId: CALENDAR_ID,
    name: 'Calendar',
    description: '',
    timezone: '',
    order: 0,
    readonly: false,
    synctoken: `urn:sync:${digest([...eventsOf(users, email).values()].map((one) => one.etag).join())}`,
  });
  const list = (email: string): AdapterEvent[] =>
    [...eventsOf(users, email)].map(([name, stored]) => asEvent(email, name, stored));

  // caldav-adapter checks If-Match before it calls this. The second check, in the tick of the write, lets only one of two
  // writers succeed.
  function put(ctx: Context, target: Target): AdapterEvent {
    const events = eventsOf(users, target.principalId);
    checkPreconditions(ctx, events.get(target.eventId));
    const text = String((ctx.request as { body?: unknown }).body);
    if (!/^BEGIN:VCALENDAR/im.test(text)) ctx.throw(400, 'no VCALENDAR');
    const stored = store(events, target.eventId, text);
    notify({ email: target.principalId, href: hrefOf(target.principalId, target.eventId), text });
    return asEvent(target.principalId, target.eventId, stored);
  }

  return {
    getCalendar: (_ctx, target) =>
      target.calendarId === CALENDAR_ID && users.has(target.principalId) ? calendarOf(target.principalId) : null,
    getCalendarId: (_ctx, calendar) => calendar.calendarId,
    getCalendarsForPrincipal: (_ctx, { principalId }) => (users.has(principalId) ? [calendarOf(principalId)] : []),
    createCalendar: (ctx) => ctx.throw(403, 'the playground has one calendar per user'),
    updateCalendar: (_ctx, { principalId }) => calendarOf(principalId),
    deleteCalendar: (ctx) => ctx.throw(403, 'the calendar cannot be deleted'),
    getEventsForCalendar: (_ctx, { principalId }) => list(principalId),
    getEventsByDate: (_ctx, { principalId }) => list(principalId),
    // A multiget has no suffix.
    getEvent: (_ctx, { principalId, eventId }) => {
      const events = eventsOf(users, principalId);
      const name = [eventId, `${eventId}.ics`].find((one) => events.has(one));
      const stored = name === undefined ? undefined : events.get(name);
      return name === undefined || stored === undefined ? null : asEvent(principalId, name, stored);
    },
    createEvent: put,
    updateEvent: put,
    deleteEvent(ctx, { principalId, eventId }) {
      const events = eventsOf(users, principalId);
      checkPreconditions(ctx, events.get(eventId));
      if (!events.delete(eventId)) ctx.throw(404, 'no such event');
      notify({ email: principalId, href: hrefOf(principalId, eventId), text: null });
    },
    buildICS: (_ctx, events) =>
      [events]
        .flat()
        .map((event) => event.ical)
        .join(''),
    getETag: (_ctx, { etag, synctoken }) => etag ?? `"${digest(synctoken ?? '')}"`,
  };
}

function checkPreconditions(ctx: Context, present: Stored | undefined): void {
  const ifMatch = ctx.get('if-match');
  if (ifMatch !== '' && present?.etag !== ifMatch && !(ifMatch === '*' && present !== undefined))
    ctx.throw(412, 'changed');
  if (ctx.get('if-none-match') === '*' && present !== undefined) ctx.throw(412, 'exists');
}

function eventsOf(users: ReadonlyMap<string, Events>, email: string): Events {
  const events = users.get(email);
  if (events === undefined) throw new GatewayError('internal', `${email} is not a user of the playground`);
  return events;
}

function store(events: Events, name: string, text: string): Stored {
  const stored = { text, etag: `"${digest(text)}"` };
  events.set(name, stored);
  if (events.size > MAX_EVENTS) events.delete(events.keys().next().value ?? name);
  return stored;
}

function asEvent(email: string, name: string, { text, etag }: Stored): AdapterEvent {
  return { eventId: name.replace(/\.ics$/, ''), href: hrefOf(email, name), ical: text, etag };
}

function hrefOf(email: string, name: string): string {
  return `/calendars/${encodeURIComponent(email)}/${CALENDAR_ID}/${encodeURIComponent(name)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
