// Computes a recurrence set (RFC 5545 §3.8.5). In: calendar text and a UID; out: the starts of the occurrences, in order, in the
// three forms of a recurrenceId. DTSTART is always an occurrence, unless EXDATE excludes it. An invalid RRULE gives no
// occurrences. It refuses (null) a calendar without the master of this event.
import type { EventComponent, ListedDate } from './event-component.ts';
import { parseEvent } from './event-document.ts';
import { DAY, formatDate, formatInstant, formatLocal, midnightOf, parseLocal, timeOfDay } from './local-time.ts';
import { localAt, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';
import { ruleStarts, type WorkBudget } from './expand-rule.ts';
import { type Rule, readRule } from './read-rule.ts';

/** RFC 5545 §3.8.5. EXRULE is from its predecessor, RFC 2445. */
export const RECURRENCE_PROPERTIES: readonly string[] = ['RRULE', 'RDATE', 'EXDATE', 'EXRULE'];
/** The properties that determine when a component takes place. */
export const SCHEDULE_PROPERTIES: readonly string[] = ['DTSTART', 'DTEND', 'DUE', 'DURATION', ...RECURRENCE_PROPERTIES];

export interface Series {
  /** Returns the starts from `from` on (a recurrenceId; null for the first occurrence), until the budget is spent. */
  startsFrom(from: string | null, budget?: WorkBudget): Generator<string>;
}

/**
 * Converts between local times and points of a series. A point identifies an occurrence: it is an instant if the zone is
 * known, else local milliseconds.
 */
interface Clock {
  readonly form: CalendarTime['form'];
  /** The start in local milliseconds. */
  readonly start: number;
  pointOf(local: number): number | null;
  localOf(point: number): number;
  /** Returns null if the time cannot belong to this series. */
  pointAt(time: CalendarTime | null): number | null;
  write(point: number): string;
}

/**
 * Returns null if the calendar does not have the master of this event.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function readSeries(calendar: string, uid: string): Series | null {
  const { master, uid: ownUid } = parseEvent(calendar);
  return !master || ownUid !== uid.trim() ? null : seriesOf(master);
}

/** Returns null if the master has no valid start. */
export function seriesOf(master: EventComponent): Series | null {
  const clock = readClock(master);
  if (!clock) return null;
  const added = master.dates('RDATE').map(({ time }) => clock.pointAt(time));
  const excluded = excludedPoints(master.dates('EXDATE'), clock);
  const rules = master.properties('RRULE').map((line) => readRule(line.value));
  return {
    *startsFrom(from, budget = { left: Number.POSITIVE_INFINITY }) {
      const first = from === null ? Number.NEGATIVE_INFINITY : pointOfId(from, clock);
      const fixed = [clock.pointOf(clock.start), ...added].filter((point) => point !== null).sort((a, b) => a - b);
      const streams = [
        fixed.values(),
        ...rules.flatMap((rule) => (rule ? rulePoints(rule, clock, first, budget) : [])),
      ];
      for (const point of mergeInOrder(streams)) {
        if (--budget.left < 0) return;
        if (point >= first && !excluded(point)) yield clock.write(point);
      }
    },
  };
}

/** Returns the recurrenceId of a time that RDATE lists, null if it cannot belong to the series. */
export function idOfListed(master: EventComponent, time: CalendarTime): string | null {
  const clock = readClock(master);
  const point = clock?.pointAt(time) ?? null;
  return clock === null || point === null ? null : clock.write(point);
}

function readClock({ startLine, start: time, vtimezones }: EventComponent): Clock | null {
  const start = time && parseLocal(time.local);
  if (time === null || start === null) return null;
  if (time.form === 'zoned' && time.instant !== null) {
    return zonedClock(start, time.zone === 'UTC' ? 'UTC' : (startLine?.param('TZID') ?? 'UTC'), vtimezones);
  }
  // A time in an unknown zone is treated as floating.
  const write = time.form === 'date' ? formatDate : formatLocal;
  return {
    form: time.form === 'date' ? 'date' : 'floating',
    start,
    pointOf: (local) => local,
    localOf: (point) => point,
    pointAt: (other) => parseLocal((time.form === 'date' ? other?.local.slice(0, 8) : other?.local) ?? ''),
    write,
  };
}

function zonedClock(start: number, tzid: string, vtimezones: readonly string[]): Clock {
  const pointOf = (local: number) => (tzid === 'UTC' ? local : resolveLocal(formatLocal(local), tzid, vtimezones));
  return {
    form: 'zoned',
    start,
    pointOf,
    localOf: (point) => parseLocal(localAt(point, tzid, vtimezones) ?? '') ?? point,
    pointAt: (time) => {
      if (!time || time.instant !== null) return time && time.instant;
      const local = parseLocal(time.local) ?? 0;
      // A date in a series of times means that day, at the time of the start.
      return pointOf(time.form === 'date' ? local + timeOfDay(start) : local);
    },
    write: formatInstant,
  };
}

/** Returns the point of a recurrenceId in any of its three forms. */
function pointOfId(id: string, clock: Clock): number {
  const local = parseLocal(id.replace(/Z$/, '')) ?? Number.NEGATIVE_INFINITY;
  if (clock.form === 'date') return midnightOf(local);
  return clock.form === 'zoned' && !id.endsWith('Z') ? (clock.pointOf(local) ?? local) : local;
}

/** Returns a predicate for excluded points. In a series of times, a date excludes its whole day, as Exchange uses it. */
function excludedPoints(dates: readonly ListedDate[], clock: Clock): (point: number) => boolean {
  const points = new Set<number | null>();
  const days = new Set<string>();
  for (const { time } of dates) {
    if (clock.form !== 'date' && time?.form === 'date') days.add(time.local);
    else points.add(clock.pointAt(time));
  }
  return (point) => points.has(point) || (days.size > 0 && days.has(formatDate(clock.localOf(point))));
}

function* rulePoints(rule: Rule, clock: Clock, first: number, budget: WorkBudget): Generator<number> {
  const { start } = clock;
  // One day earlier, because the offset of the zone may differ.
  const from = Number.isFinite(first) ? Math.max(start, clock.localOf(first) - DAY) : start;
  const ended = endOf(rule, clock);
  let count = 0;
  // To apply COUNT, expand the rule from the start.
  for (const local of ruleStarts(rule, start, rule.count === null ? from : start, budget)) {
    // RFC 5545 §3.8.5.3: COUNT includes DTSTART, even if it does not match the rule.
    if (count === 0 && local !== start) count = 1;
    if (rule.count !== null && ++count > rule.count) return;
    if (local < from) continue;
    const point = clock.pointOf(local);
    if (point === null || ended(local, point)) return;
    yield point;
  }
}

/** Returns a predicate for starts after UNTIL, which is an instant, a local time or a date. A date includes its whole day. */
function endOf(rule: Rule, clock: Clock): (local: number, point: number) => boolean {
  if (rule.until === null) return () => false;
  const until = parseLocal(rule.until.replace(/Z$/, ''));
  if (until === null) return () => false;
  if (rule.until.length === 8) return (local) => local >= until + DAY;
  return clock.form === 'zoned' && rule.until.endsWith('Z') ? (_, point) => point > until : (local) => local > until;
}

/** Merges ordered streams and removes duplicates. */
function* mergeInOrder(streams: readonly Iterator<number>[]): Generator<number> {
  const heads = streams.map((stream) => ({ stream, next: stream.next() }));
  let last: number | null = null;
  for (;;) {
    let lowest: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (!head.next.done && (!lowest || head.next.value < lowest.next.value)) lowest = head;
    }
    if (!lowest) return;
    const point: number = lowest.next.value;
    // Near a DST change, two local times may be the same instant (02:30 and 03:30), or come out of order.
    if (last === null || point > last) yield (last = point);
    lowest.next = lowest.stream.next();
  }
}
