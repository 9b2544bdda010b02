// The port of the calendar: finds one event of one calendar user on the CalDAV server and writes it with If-Match.
import type { WriteRefusal } from '../../core/compose/types.ts';
import { GatewayError } from '../../core/errors.ts';
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';

export type FoundEvent =
  | { readonly kind: 'found'; readonly event: StoredEvent }
  | { readonly kind: 'none' }
  /** The server refuses to show the object at this href (403), so the gateway cannot tell whether it is the event. */
  | { readonly kind: 'not-visible'; readonly href: string }
  /** Several calendars hold an event with this UID and this ORGANIZER. */
  | { readonly kind: 'ambiguous'; readonly hrefs: readonly string[] };

export type WriteResult =
  | { readonly kind: 'written'; readonly etag: string | null }
  /** 412: another client has written since the event was read. */
  | { readonly kind: 'conflict' }
  /** 404 or 410: this href no longer holds the event. */
  | { readonly kind: 'gone' }
  /** The server would refuse this event again. `detail` is for the operator. */
  | { readonly kind: 'refused'; readonly reason: WriteRefusal; readonly detail: string };

/** Thrown when the CalDAV server refuses to store the event. The answers then wait. */
export class WriteRefused extends GatewayError {
  readonly reason: WriteRefusal;

  constructor(reason: WriteRefusal, detail: string) {
    super('caldav-refused', detail, { temporary: reason === 'no-space' });
    this.reason = reason;
  }
}

/**
 * A server's circuit breaker. `open`: no request is made. `half-open`: one request tests whether the server has
 * recovered.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * All methods throw GatewayError `caldav-unreachable` (temporary), `caldav-unauthorized`, `caldav-refused` or
 * `caldav-answer-invalid`. No method retries; the caller puts the task back with back-off.
 */
export interface CalendarStore {
  /**
   * Finds the organizer's event with that UID: first at `knownHref`, then by REPORT over the organizer's writable
   * calendars, never in the inbox. An event with another ORGANIZER counts as `none`; one without ORGANIZER is found.
   */
  find(organizer: CalendarAddress, uid: string, knownHref: string | null): Promise<FoundEvent>;
  /**
   * PUT with If-Match. Throws `caldav-unreachable` if the outcome is unknown (time-out, connection lost): the caller
   * must reload the event and decide again.
   */
  write(organizer: CalendarAddress, event: StoredEvent, text: string): Promise<WriteResult>;
  close(): Promise<void>;
}
