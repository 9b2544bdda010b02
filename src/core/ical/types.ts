// The types of iCalendar (RFC 5545) that all layers share: addresses, occurrences, times, and a stored object. Times are in
// milliseconds since 1970 (UTC), unless a comment says otherwise. This file refuses nothing.

/** RFC 5545 §3.2.12. The last two are for VTODO only. */
export const PARTSTATS = [
  'NEEDS-ACTION',
  'ACCEPTED',
  'DECLINED',
  'TENTATIVE',
  'DELEGATED',
  'COMPLETED',
  'IN-PROCESS',
] as const;

/** In upper case. */
export type Partstat = (typeof PARTSTATS)[number];

/** An address: `key` is normalised for comparison, `asWritten` is for mails and display, without `mailto:`. */
export interface CalendarAddress {
  readonly key: string;
  readonly asWritten: string;
}

/**
 * Identifies an occurrence of an event. `recurrenceId` is null for the event itself (the master), else one of three forms:
 * `20261122T100000Z` (an instant), `20261122` (a date), or `20261122T100000` (a local time without a known zone).
 */
export interface OccurrenceKey {
  readonly uid: string;
  readonly recurrenceId: string | null;
}

/** The value of a property such as DTSTART: the local time and, if the zone is known, the instant. */
export interface CalendarTime {
  /** `date` is all-day, `floating` has no zone, `zoned` has one (UTC included). */
  readonly form: 'date' | 'floating' | 'zoned';
  /** `YYYYMMDD` or `YYYYMMDDTHHMMSS` in its own zone. */
  readonly local: string;
  /** The IANA name, or the TZID as written if it is unknown; null unless `zoned`. */
  readonly zone: string | null;
  /** Milliseconds since 1970; null for a date, a floating time, or a time in an unknown zone. */
  readonly instant: number | null;
}

/** A calendar object as loaded from the CalDAV server. */
export interface StoredEvent {
  readonly href: string;
  /** Null if the server returns no strong ETag. Such an event is never written. */
  readonly etag: string | null;
  readonly text: string;
  /** From Last-Modified or getlastmodified, null if the server returns neither. */
  readonly lastModified: number | null;
}
