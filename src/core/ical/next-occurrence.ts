// Finds the next occurrence of an event. In: the event, the time and the reader's zone; out: the first occurrence that is not
// over, or the start of the last one. It runs on the main thread, once for each mail about a series, so its work is limited. It
// refuses (null) a series that is over or exceeds the limit.
import type { EventComponent } from './event-component.ts';
import { type EventDocument, isRecurring } from './event-document.ts';
import type { WorkBudget } from './expand-rule.ts';
import { DAY, formatDate, formatInstant, formatLocal, parseLocal } from './local-time.ts';
import { durationOf, type Span } from './occurrence-id.ts';
import { occurrenceSpan } from './occurrence-span.ts';
import { seriesOf } from './series.ts';
import { localAt, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

export interface AsOf {
  /** In milliseconds since 1970. */
  readonly now: number;
  /** The zone of dates and of times without a zone. */
  readonly timezone: string;
}

/** 50 years of days, or 500 occurrences of a monthly rule that is counted from its start: about 20 ms. */
const MAX_WORK = 200_000;

/** Returns whether the event is over. An event without a length is over after its start; an event without a time is never over. */
export function isOver({ start, end }: Span, { now, timezone }: AsOf): boolean {
  const [from, to] = [instantIn(start, timezone), instantIn(end, timezone)];
  if (from === null) return false;
  return to !== null && to > from ? to <= now : from < now;
}

/** Returns milliseconds since 1970. A time in an unknown zone is read as one of the reader's zone. */
export function instantIn(time: CalendarTime | null, timezone: string): number | null {
  return time && (time.instant ?? resolveLocal(time.local, timezone, []));
}

interface Found extends Span {
  readonly recurrenceId: string;
}

interface Cached {
  readonly asOf: AsOf;
  readonly next: Found | null;
}

const cache = new WeakMap<EventDocument, Cached>();

/**
 * Returns the recurrenceId of the next occurrence, or of the one that is taking place. Cancelled occurrences do not count, and a
 * moved one counts with its new time. Cached, because an invitation is mailed to up to 2,000 guests one after the other.
 */
export function nextOccurrence(document: EventDocument, asOf: AsOf): string | null {
  const known = cache.get(document);
  const isValid =
    known?.asOf.timezone === asOf.timezone &&
    known.asOf.now <= asOf.now &&
    (known.next === null || !isOver(known.next, asOf));
  if (isValid) return known.next?.recurrenceId ?? null;
  const next = findNext(document, asOf);
  cache.set(document, { asOf, next });
  return next?.recurrenceId ?? null;
}

function findNext(document: EventDocument, asOf: AsOf): Found | null {
  const own = document.overrides.flatMap((each): Found[] => {
    const { recurrenceId, start, end, cancelled } = each;
    return recurrenceId === null || start === null || cancelled || isOver(each, asOf)
      ? []
      : [{ recurrenceId, start, end }];
  });
  const regular = nextInstance(document, asOf);
  const candidates = regular === null ? own : [...own, regular];
  const startOf = ({ start }: Found): number => instantIn(start, asOf.timezone) ?? Number.POSITIVE_INFINITY;
  return candidates.reduce<Found | null>(
    (first, each) => (first === null || startOf(each) < startOf(first) ? each : first),
    null,
  );
}

/** Returns the next instance of the series that has no override. */
function nextInstance(document: EventDocument, asOf: AsOf): Found | null {
  const { master } = document;
  if (master === null || !isRecurring(document)) return null;
  const overridden = new Set(document.overrides.map(({ recurrenceId }) => recurrenceId));
  for (const recurrenceId of seriesOf(master)?.startsFrom(earliestId(master, asOf), { left: MAX_WORK }) ?? []) {
    const span = occurrenceSpan(master, recurrenceId);
    if (!overridden.has(recurrenceId) && !isOver(span, asOf)) return { recurrenceId, ...span };
  }
  return null;
}

/**
 * Returns a time before the start of any instance that is not over, in the form of the series. It is a day earlier than the length
 * of the first instance requires, because another instance may be longer.
 */
function earliestId(master: EventComponent, { now, timezone }: AsOf): string {
  const from = now - Math.max(0, durationOf(master)) - DAY;
  if (master.start?.instant != null) return formatInstant(from);
  const local = parseLocal(localAt(from, timezone, []) ?? '') ?? from;
  return master.start?.form === 'date' ? formatDate(local) : formatLocal(local);
}

const lastStarts = new WeakMap<EventComponent, CalendarTime | null>();

/** Returns the start of the last instance, null for a series without end. */
export function lastStart(master: EventComponent): CalendarTime | null {
  const known = lastStarts.get(master);
  if (known !== undefined) return known;
  const budget: WorkBudget = { left: MAX_WORK };
  let last: string | null = null;
  for (const id of seriesOf(master)?.startsFrom(null, budget) ?? []) last = id;
  const start = last === null || budget.left < 0 ? null : occurrenceSpan(master, last).start;
  lastStarts.set(master, start);
  return start;
}

/** Returns the times that are not past, in the same order. */
export function upcoming(times: readonly CalendarTime[], asOf: AsOf): CalendarTime[] {
  return times.filter((time) => !isOver({ start: time, end: dayAfter(time) }, asOf));
}

/** A date lasts a day. */
function dayAfter(time: CalendarTime): CalendarTime | null {
  if (time.form !== 'date') return null;
  const local = parseLocal(time.local);
  return local === null ? null : { ...time, local: formatDate(local + DAY) };
}
