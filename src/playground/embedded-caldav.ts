// The playground's CalDAV server: npm caldav-adapter with one calendar per user in memory, on loopback. In: CalDAV from
// the gateway (API key and user, or the service account) and the organizer's form; out: stored events and a word on each change.
// It refuses unknown users and stale writes, posts no scheduling callbacks, and is not for real calendars.
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
  /** Whose calendar. */
  readonly email: string;
  readonly href: string;
  /** null: deleted. */
  readonly text: string | null;
}

export interface EmbeddedCaldav {
  /** `http://127.0.0.1:port/` */
  readonly url: string;
  /** For `CALDAV_AUTH=api-key`: X-Api-Key, with X-Forwarded-User. */
  readonly apiKey: string;
  /** For `CALDAV_AUTH=basic`: may write every user's calendar. */
  readonly service: { readonly username: string; readonly password: string };
  /** A user with an empty calendar; a known one is left as it is. */
  addUser(email: string): void;
  /** Stores an event as the organizer's own client would, whatever is there. Returns its href. */
  putEvent(email: string, uid: string, text: string): string;
  /** The event as it is now; null where there is none. */
  getEvent(email: string, uid: string): { readonly href: string; readonly text: string } | null;
  /** Called after each change, whoever made it; what comes back ends it. */
  onChange(listener: (change: CalendarChange) => void): () => void;
  close(): Promise<void>;
}

interface Stored {
  readonly text: string;
  readonly etag: string;
}

type Events = Map<string, Stored>;

const calendarId = 'calendar';
const mostEvents = 1_000;
/** Clients leave first: who leaves while the other asks resets the connection. */
const KEEP_ALIVE_MS = 60_000;

export async function startEmbeddedCaldav(): Promise<EmbeddedCaldav> {
  const apiKey = randomBytes(18).toString('base64url');
  const service = { username: 'service', password: randomBytes(18).toString('base64url') };
  const users = new Map<string, Events>();
  const listeners = new Set<(change: CalendarChange) => void>();
  const tell = (change: CalendarChange): void => {
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
      data: calendarData(users, tell),
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
      tell({ email, href, text });
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

/** The adapter knows Basic only: the key's user is put where `authenticate` finds it. */
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

function calendarData(users: ReadonlyMap<string, Events>, tell: (change: CalendarChange) => void): AdapterData {
  const calendarOf = (email: string): AdapterCalendar => ({
    principalId: email,
    calendarId,
    name: 'Calendar',
    description: '',
    timezone: '',
    order: 0,
    readonly: false,
    synctoken: `urn:sync:${digest([...eventsOf(users, email).values()].map((one) => one.etag).join())}`,
  });
  const list = (email: string): AdapterEvent[] =>
    [...eventsOf(users, email)].map(([name, stored]) => asEvent(email, name, stored));

  // The adapter checks If-Match before it calls us; checked again in the tick of the write, two writers cannot both win.
  function put(ctx: Context, target: Target): AdapterEvent {
    const events = eventsOf(users, target.principalId);
    checkPreconditions(ctx, events.get(target.eventId));
    const text = String((ctx.request as { body?: unknown }).body);
    if (!/^BEGIN:VCALENDAR/im.test(text)) ctx.throw(400, 'no VCALENDAR');
    const stored = store(events, target.eventId, text);
    tell({ email: target.principalId, href: hrefOf(target.principalId, target.eventId), text });
    return asEvent(target.principalId, target.eventId, stored);
  }

  return {
    getCalendar: (_ctx, target) =>
      target.calendarId === calendarId && users.has(target.principalId) ? calendarOf(target.principalId) : null,
    getCalendarId: (_ctx, calendar) => calendar.calendarId,
    getCalendarsForPrincipal: (_ctx, { principalId }) => (users.has(principalId) ? [calendarOf(principalId)] : []),
    createCalendar: (ctx) => ctx.throw(403, 'one calendar is enough here'),
    updateCalendar: (_ctx, { principalId }) => calendarOf(principalId),
    deleteCalendar: (ctx) => ctx.throw(403, 'the calendar stays'),
    getEventsForCalendar: (_ctx, { principalId }) => list(principalId),
    getEventsByDate: (_ctx, { principalId }) => list(principalId),
    // A multiget comes without the suffix.
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
      tell({ email: principalId, href: hrefOf(principalId, eventId), text: null });
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
  if (events === undefined) throw new GatewayError('internal', `${email} is no user of the playground`);
  return events;
}

function store(events: Events, name: string, text: string): Stored {
  const stored = { text, etag: `"${digest(text)}"` };
  events.set(name, stored);
  if (events.size > mostEvents) events.delete(events.keys().next().value ?? name);
  return stored;
}

function asEvent(email: string, name: string, { text, etag }: Stored): AdapterEvent {
  return { eventId: name.replace(/\.ics$/, ''), href: hrefOf(email, name), ical: text, etag };
}

function hrefOf(email: string, name: string): string {
  return `/calendars/${encodeURIComponent(email)}/${calendarId}/${encodeURIComponent(name)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
