// The calendar as the rest of the gateway sees it. One adapter (tsdav) stands behind it.
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';

export type FoundEvent =
  | { readonly kind: 'found'; readonly event: StoredEvent }
  | { readonly kind: 'none' }
  /** The same UID, with this ORGANIZER, in several calendars. */
  | { readonly kind: 'ambiguous'; readonly hrefs: readonly string[] };

export type WriteResult =
  | { readonly kind: 'written'; readonly etag: string | null }
  /** 412: somebody else wrote first. */
  | { readonly kind: 'conflict' }
  /** 404 or 410: the event is gone from this href. */
  | { readonly kind: 'gone' };

/** A server's circuit breaker. `open`: no request is made. `half-open`: one request finds out whether the server is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * All methods throw GatewayError `caldav-unreachable` (temporary), `caldav-unauthorized`, `caldav-refused` or
 * `caldav-answer-invalid`. None retries by itself: back-off is the flow's.
 */
export interface CalendarStore {
  /**
   * The organizer's event with that UID: `knownHref` first, else a REPORT over the organizer's writable calendars, never the inbox.
   * An event whose ORGANIZER is somebody else is not found (an event without ORGANIZER is).
   */
  find(organizer: CalendarAddress, uid: string, knownHref: string | null): Promise<FoundEvent>;
  /** PUT with If-Match. An unknown outcome (time-out, connection lost) throws `caldav-unreachable`: load and decide again. */
  write(organizer: CalendarAddress, event: StoredEvent, text: string): Promise<WriteResult>;
  close(): Promise<void>;
}
