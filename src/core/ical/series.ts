// A recurrence set (RFC 5545 §3.8.5): calendar text and a UID come in, the starts of its occurrences go out, in order,
// in the three forms of a recurrenceId. DTSTART is always an occurrence unless EXDATE says otherwise. An RRULE that
// cannot be read gives none; a calendar without that event's master is null.
import type { EventComponent, ListedDate } from './event-component.ts';
import { parseEvent } from './event-document.ts';
import { DAY, formatDate, formatInstant, formatLocal, parseLocal } from './local-time.ts';
import { localAt, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';
import { ruleStarts } from './expand-rule.ts';
import { type Rule, readRule } from './read-rule.ts';

export interface Series {
  /** Starts from `from` on (a recurrenceId; null: from the first). */
  startsFrom(from: string | null): Generator<string>;
}

/**
 * How a series counts time. A place is what two occurrences are the same by: an instant where the zone is known, else
 * local milliseconds.
 */
interface Clock {
  readonly form: CalendarTime['form'];
  /** Local milliseconds of the start. */
  readonly start: number;
  placeOf(local: number): number | null;
  localOf(place: number): number;
  /** Null where the time cannot be one of this series. */
  placeAt(time: CalendarTime | null): number | null;
  write(place: number): string;
}

/** @throws GatewayError `calendar-unparseable` */
export function readSeries(calendar: string, uid: string): Series | null {
  const { master, uid: ownUid } = parseEvent(calendar);
  if (!master || ownUid !== uid.trim()) return null;
  const clock = readClock(master);
  if (!clock) return null;
  const added = master.dates('RDATE').map(({ time }) => clock.placeAt(time));
  const excluded = excludedPlaces(master.dates('EXDATE'), clock);
  const rules = master.properties('RRULE').map((line) => readRule(line.value));
  return {
    *startsFrom(from) {
      const first = from === null ? Number.NEGATIVE_INFINITY : placeOfId(from, clock);
      const fixed = [clock.placeOf(clock.start), ...added].filter((place) => place !== null).sort((a, b) => a - b);
      const streams = [fixed.values(), ...rules.flatMap((rule) => (rule ? rulePlaces(rule, clock, first) : []))];
      for (const place of mergeInOrder(streams)) if (place >= first && !excluded(place)) yield clock.write(place);
    },
  };
}

function readClock({ startLine, start: time, vtimezones }: EventComponent): Clock | null {
  const start = time && parseLocal(time.local);
  if (time === null || start === null) return null;
  if (time.form === 'zoned' && time.instant !== null) {
    return zonedClock(start, time.zone === 'UTC' ? 'UTC' : (startLine?.param('TZID') ?? 'UTC'), vtimezones);
  }
  // A zone that nobody knows is walked as if it had none.
  const write = time.form === 'date' ? formatDate : formatLocal;
  return {
    form: time.form === 'date' ? 'date' : 'floating',
    start,
    placeOf: (local) => local,
    localOf: (place) => place,
    placeAt: (other) => parseLocal((time.form === 'date' ? other?.local.slice(0, 8) : other?.local) ?? ''),
    write,
  };
}

function zonedClock(start: number, tzid: string, vtimezones: readonly string[]): Clock {
  const placeOf = (local: number) => (tzid === 'UTC' ? local : resolveLocal(formatLocal(local), tzid, vtimezones));
  return {
    form: 'zoned',
    start,
    placeOf,
    localOf: (place) => parseLocal(localAt(place, tzid, vtimezones) ?? '') ?? place,
    placeAt: (time) => {
      if (!time || time.instant !== null) return time && time.instant;
      const local = parseLocal(time.local) ?? 0;
      // A date among times: that day, at the time of the start.
      return placeOf(time.form === 'date' ? local + timeOfDay(start) : local);
    },
    write: formatInstant,
  };
}

function timeOfDay(local: number): number {
  return local - Math.floor(local / DAY) * DAY;
}

/** The place of a recurrenceId: an instant, a date, or a local time. */
function placeOfId(id: string, clock: Clock): number {
  const local = parseLocal(id.replace(/Z$/, '')) ?? Number.NEGATIVE_INFINITY;
  if (clock.form === 'date') return Math.floor(local / DAY) * DAY;
  return clock.form === 'zoned' && !id.endsWith('Z') ? (clock.placeOf(local) ?? local) : local;
}

/** EXDATEs, by place; a date among times excludes its whole day, as Exchange means it. */
function excludedPlaces(dates: readonly ListedDate[], clock: Clock): (place: number) => boolean {
  const places = new Set<number | null>();
  const days = new Set<string>();
  for (const { time } of dates) {
    if (clock.form !== 'date' && time?.form === 'date') days.add(time.local);
    else places.add(clock.placeAt(time));
  }
  return (place) => places.has(place) || (days.size > 0 && days.has(formatDate(clock.localOf(place))));
}

function* rulePlaces(rule: Rule, clock: Clock, first: number): Generator<number> {
  const { start } = clock;
  // A day early, whatever the zone.
  const from = Number.isFinite(first) ? Math.max(start, clock.localOf(first) - DAY) : start;
  const ended = endOf(rule, clock);
  let count = 0;
  // What is counted must be walked from the start.
  for (const local of ruleStarts(rule, start, rule.count === null ? from : start)) {
    // RFC 5545 §3.8.5.3: DTSTART is the first that is counted, in the rule's pattern or not.
    if (count === 0 && local !== start) count = 1;
    if (rule.count !== null && ++count > rule.count) return;
    if (local < from) continue;
    const place = clock.placeOf(local);
    if (place === null || ended(local, place)) return;
    yield place;
  }
}

/** UNTIL: an instant, a date (of which the whole day is in) or a local time. */
function endOf(rule: Rule, clock: Clock): (local: number, place: number) => boolean {
  if (rule.until === null) return () => false;
  const until = parseLocal(rule.until.replace(/Z$/, ''));
  if (until === null) return () => false;
  if (rule.until.length === 8) return (local) => local >= until + DAY;
  return clock.form === 'zoned' && rule.until.endsWith('Z') ? (_, place) => place > until : (local) => local > until;
}

/** Merges ordered streams; what several give comes once. */
function* mergeInOrder(streams: readonly Iterator<number>[]): Generator<number> {
  const heads = streams.map((stream) => ({ stream, next: stream.next() }));
  let last: number | null = null;
  for (;;) {
    let lowest: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (!head.next.done && (!lowest || head.next.value < lowest.next.value)) lowest = head;
    }
    if (!lowest) return;
    const place: number = lowest.next.value;
    // Twice in a DST gap: 02:30 and 03:30 may be one instant. What falls behind is the same hour again.
    if (last === null || place > last) yield (last = place);
    lowest.next = lowest.stream.next();
  }
}
