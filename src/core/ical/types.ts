// The nouns of iCalendar (RFC 5545) that all layers share: addresses, occurrences, times, a stored object. Values only; all
// times are milliseconds since 1970 (UTC) unless the name says otherwise.

/** RFC 5545 §3.2.12, upper case; the last two are for VTODO only. */
export type Partstat =
  | 'NEEDS-ACTION'
  | 'ACCEPTED'
  | 'DECLINED'
  | 'TENTATIVE'
  | 'DELEGATED'
  | 'COMPLETED'
  | 'IN-PROCESS';

/** An address to compare by (`key`: normalised) and to send or show (`asWritten`: no `mailto:` where it is a mail address). */
export interface CalendarAddress {
  readonly key: string;
  readonly asWritten: string;
}

/**
 * Which occurrence of which event. `recurrenceId` null is the event itself (the master); else one of three forms:
 * `20261122T100000Z` (an instant), `20261122` (a date), `20261122T100000` (a local time whose zone nobody could tell).
 */
export interface OccurrenceKey {
  readonly uid: string;
  readonly recurrenceId: string | null;
}

/** A DTSTART-like value: what to show and, where the zone is known, the instant. */
export interface CalendarTime {
  /** `date` is all-day, `floating` has no zone, `zoned` has one (UTC included). */
  readonly form: 'date' | 'floating' | 'zoned';
  /** `YYYYMMDD` or `YYYYMMDDTHHMMSS` in its own zone. */
  readonly local: string;
  /** IANA name, or the TZID as written where it could not be resolved; null unless zoned. */
  readonly zone: string | null;
  /** Milliseconds since 1970; null for a date, a floating time or an unknown zone. */
  readonly instant: number | null;
}

/** A calendar object as the CalDAV server gave it. */
export interface StoredEvent {
  readonly href: string;
  /** null where the server gives none: such an event is never written. */
  readonly etag: string | null;
  readonly text: string;
  /** From the HTTP Last-Modified or getlastmodified; null where the server tells none. */
  readonly lastModified: number | null;
}
