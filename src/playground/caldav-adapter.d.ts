// Types for the part of npm caldav-adapter that the playground uses; the package has none.
declare module 'caldav-adapter' {
  import type { Context, Middleware } from 'koa';

  export interface Principal {
    readonly principalId: string;
    readonly principalName: string;
    readonly email: string;
  }

  /** The calendar and the object of a request. */
  export interface Target {
    readonly principalId: string;
    readonly calendarId: string;
    /** The last segment of the path, usually with `.ics`. */
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

  type MaybePromise<T> = T | Promise<T>;

  export interface AdapterData {
    getCalendar(ctx: Context, target: Target): MaybePromise<AdapterCalendar | null>;
    getCalendarId(ctx: Context, calendar: AdapterCalendar): string;
    getCalendarsForPrincipal(ctx: Context, target: Target): MaybePromise<readonly AdapterCalendar[]>;
    createCalendar(ctx: Context, calendar: object): MaybePromise<AdapterCalendar>;
    updateCalendar(ctx: Context, target: Target): MaybePromise<AdapterCalendar>;
    deleteCalendar(ctx: Context, target: Target): MaybePromise<void>;
    getEventsForCalendar(ctx: Context, target: Target): MaybePromise<readonly AdapterEvent[]>;
    getEventsByDate(ctx: Context, target: Target): MaybePromise<readonly AdapterEvent[]>;
    getEvent(ctx: Context, target: Target): MaybePromise<AdapterEvent | null>;
    createEvent(ctx: Context, target: Target): MaybePromise<AdapterEvent>;
    updateEvent(ctx: Context, target: Target): MaybePromise<AdapterEvent>;
    deleteEvent(ctx: Context, target: Target): MaybePromise<void>;
    buildICS(ctx: Context, events: AdapterEvent | readonly AdapterEvent[]): MaybePromise<string>;
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
    ): MaybePromise<Principal | null>;
  }

  function adapter(options: Options): Middleware;
  // oxlint-disable-next-line import/no-default-export -- the package is CommonJS
  export default adapter;
}
