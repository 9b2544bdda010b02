// Reads and compares RECURRENCE-IDs. In: lines and times; out: one of the three forms of OccurrenceKey.recurrenceId: an instant
// `20261122T100000Z`, a date `20261122`, or a local time `20261122T100000` without a known zone. It refuses (null) an invalid
// time.
import type { ContentLine } from './content-lines.ts';
import { DAY, formatInstant, parseLocal } from './local-time.ts';
import { readTime } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

/** Returns the time of a line such as DTSTART, or of one of its values; null if it is invalid. */
export function timeOf(
  line: ContentLine | null,
  vtimezones: readonly string[],
  value = line?.value ?? '',
): CalendarTime | null {
  return line && readTime(value, { tzid: line.param('TZID'), valueType: line.param('VALUE') }, vtimezones);
}

/** Returns the time in one of the three forms of a recurrenceId. */
export function occurrenceIdOf(time: CalendarTime): string {
  return time.instant === null ? time.local : formatInstant(time.instant);
}

export type OccurrenceIdForm = 'instant' | 'date' | 'local';

/** Returns which of the three forms the id has. */
export function formOf(id: string): OccurrenceIdForm {
  if (id.endsWith('Z')) return 'instant';
  return id.includes('T') ? 'local' : 'date';
}

/** Returns milliseconds since 1970 for an instant, local milliseconds for the other forms, and NaN for an invalid id. */
export function millisOf(id: string): number {
  return parseLocal(id.endsWith('Z') ? id.slice(0, -1) : id) ?? Number.NaN;
}

export interface Span {
  readonly start: CalendarTime | null;
  readonly end: CalendarTime | null;
}

/** Returns the milliseconds from start to end: exact if the zones are known, else local; 0 if one of them is missing. */
export function durationOf({ start, end }: Span): number {
  return start && end ? millisIn(end) - millisIn(start) : 0;
}

/**
 * Returns the end if it is after the start, else null, because any other end counts as missing (RFC 5545 §3.8.2.2). If only
 * one zone is known, local times are compared, and an end on the day before may still be after the start.
 */
export function endIfLater(start: CalendarTime, end: CalendarTime | null): CalendarTime | null {
  if (end === null) return null;
  if (start.instant !== null && end.instant !== null) return end.instant > start.instant ? end : null;
  const length = (parseLocal(end.local) ?? 0) - (parseLocal(start.local) ?? 0);
  const isComparable = start.instant === end.instant && start.zone === end.zone;
  return length > (isComparable ? 0 : -DAY) ? end : null;
}

function millisIn(time: CalendarTime): number {
  return time.instant ?? parseLocal(time.local) ?? 0;
}
