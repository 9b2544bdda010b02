// RECURRENCE-ID and DTSTART lines and times come in; the three forms of OccurrenceKey.recurrenceId go out: an instant
// `20261122T100000Z`, a date `20261122`, or a local time `20261122T100000` whose zone nobody could tell.
import type { ContentLine } from './content-lines.ts';
import { formatInstant, formatLocal, parseLocal } from './local-time.ts';
import { localAt, readTime, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

/** The time of a DTSTART-like line, or of one value of its list; null where it is none. */
export function timeOf(
  line: ContentLine | null,
  vtimezones: readonly string[],
  value = line?.value ?? '',
): CalendarTime | null {
  return line && readTime(value, { tzid: line.param('TZID'), valueType: line.param('VALUE') }, vtimezones);
}

export function occurrenceIdOf(time: CalendarTime): string {
  return time.instant === null ? time.local : formatInstant(time.instant);
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

export interface Span {
  readonly start: CalendarTime | null;
  readonly end: CalendarTime | null;
}

/**
 * When one occurrence of a series is, on the clocks of its master's start and end: every occurrence has the exact duration
 * of the first (RFC 5545 §3.8.5.3). The master's own times where the id is none.
 */
export function spanAt({ start, end }: Span, id: string, vtimezones: readonly string[]): Span {
  if (start === null || Number.isNaN(millisOf(id))) return { start, end };
  const local = formatLocal(millisOf(id) + durationOf({ start, end }));
  const endId = formOf(id) === 'instant' ? `${local}Z` : formOf(id) === 'date' ? local.slice(0, 8) : local;
  return { start: timeAt(id, start, vtimezones), end: end && timeAt(endId, end, vtimezones) };
}

/** Milliseconds from start to end: exact where the zones are known, else of the wall clock; 0 where either is missing. */
export function durationOf({ start, end }: Span): number {
  return start && end ? millisIn(end) - millisIn(start) : 0;
}

function millisIn(time: CalendarTime): number {
  return time.instant ?? parseLocal(time.local) ?? 0;
}

/** The time that an id names, in the form and zone of another. */
function timeAt(id: string, like: CalendarTime, vtimezones: readonly string[]): CalendarTime {
  const named = readTime(id, {}, []);
  if (named === null) return like;
  const local =
    named.instant !== null && like.zone !== null ? localAt(named.instant, like.zone, vtimezones) : named.local;
  if (local === null) return named;
  if (like.form === 'date') return { ...like, local: local.slice(0, 8) };
  const instant = like.zone === null ? null : (named.instant ?? resolveLocal(local, like.zone, vtimezones));
  return { ...like, local, instant };
}

/** A UID becomes the name of queues and ledger lines: of a length that indexes take, without control characters. */
export function isUid(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= 1000 && !/\p{Cc}/u.test(text);
}
