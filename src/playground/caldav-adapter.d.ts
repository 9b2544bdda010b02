// The part of npm caldav-adapter that the playground uses; the package brings no types.
declare module 'caldav-adapter' {
  import type { Context, Middleware } from 'koa';

  export interface Principal {
    readonly principalId: string;
    readonly principalName: string;
    readonly email: string;
  }

  /** Which calendar, and which object in it, a request is about. */
  export interface Target {
    readonly principalId: string;
    readonly calendarId: string;
    /** Last segment of the path, mostly with `.ics`. */
    readonly eventId: string;
  }

  export interface AdapterCalendar {
    readonly principalId: string;
    readonly calendarId: string;
    readonly name: string;
    readonly description: string;
    readonly timezone: string;
    readonly order: number;
    readonly readonly: boolean;
    readonly synctoken: string;
  }

  export interface AdapterEvent {
    readonly eventId: string;
    readonly href: string;
    readonly ical: string;
    readonly etag: string;
  }

  type Answer<T> = T | Promise<T>;

  export interface AdapterData {
    getCalendar(ctx: Context, target: Target): Answer<AdapterCalendar | null>;
    getCalendarId(ctx: Context, calendar: AdapterCalendar): string;
    getCalendarsForPrincipal(ctx: Context, target: Target): Answer<readonly AdapterCalendar[]>;
    createCalendar(ctx: Context, calendar: object): Answer<AdapterCalendar>;
    updateCalendar(ctx: Context, target: Target): Answer<AdapterCalendar>;
    deleteCalendar(ctx: Context, target: Target): Answer<void>;
    getEventsForCalendar(ctx: Context, target: Target): Answer<readonly AdapterEvent[]>;
    getEventsByDate(ctx: Context, target: Target): Answer<readonly AdapterEvent[]>;
    getEvent(ctx: Context, target: Target): Answer<AdapterEvent | null>;
    createEvent(ctx: Context, target: Target): Answer<AdapterEvent>;
    updateEvent(ctx: Context, target: Target): Answer<AdapterEvent>;
    deleteEvent(ctx: Context, target: Target): Answer<void>;
    buildICS(ctx: Context, events: AdapterEvent | readonly AdapterEvent[]): Answer<string>;
    getETag(ctx: Context, of: { readonly etag?: string; readonly synctoken?: string }): string;
  }

  interface Options {
    readonly caldavRoot: string;
    readonly calendarRoot: string;
    readonly principalRoot: string;
    readonly authRealm: string;
    readonly data: AdapterData;
    authenticate(
      ctx: Context,
      login: { readonly username: string; readonly password: string; readonly principalId: string | undefined },
    ): Answer<Principal | null>;
  }

  function adapter(options: Options): Middleware;
  // oxlint-disable-next-line import/no-default-export -- the package is CommonJS
  export default adapter;
}
