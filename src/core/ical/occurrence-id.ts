// RECURRENCE-ID and DTSTART lines and times come in; the three forms of OccurrenceKey.recurrenceId go out: an instant
// `20261122T100000Z`, a date `20261122`, or a local time `20261122T100000` whose zone nobody could tell.
import type { ContentLine } from './content-lines.ts';
import { formatLocal, parseLocal } from './local-time.ts';
import { readTime } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

/** The time of a DTSTART-like line; null where it is none. */
export function timeOf(line: ContentLine | null, vtimezones: readonly string[]): CalendarTime | null {
  if (line === null) return null;
  return readTime(line.value, { tzid: line.param('TZID'), valueType: line.param('VALUE') }, vtimezones);
}

export function occurrenceIdOf(time: CalendarTime): string {
  return time.instant === null ? time.local : instantId(time.instant);
}

/** The `…Z` form of milliseconds since 1970. */
export function instantId(instant: number): string {
  return `${formatLocal(instant)}Z`;
}

export type OccurrenceIdForm = 'instant' | 'date' | 'local';

export function formOf(id: string): OccurrenceIdForm {
  if (id.endsWith('Z')) return 'instant';
  return id.includes('T') ? 'local' : 'date';
}

/** Milliseconds of an id: since 1970 for an instant, on its own clock for the others; NaN where it is none of the forms. */
export function millisOf(id: string): number {
  return parseLocal(id.endsWith('Z') ? id.slice(0, -1) : id) ?? Number.NaN;
}

/** A UID becomes the name of queues and ledger lines: of a length that indexes take, without control characters. */
export function isUid(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= 1000 && !/\p{Cc}/u.test(text);
}
