// The rules of a VTIMEZONE component (RFC 5545 §3.6.5): its text comes in, offsets go out. Only what VTIMEZONEs are
// made of is evaluated — DTSTART, RDATE, and yearly rules on a day of a month — one year at a time, so that no rule
// can cost more than its own text; any other rule counts for its DTSTART alone.
import { splitLines } from './content-lines.ts';
import { DAY, daysInMonth, localMillis, parseLocal } from './local-time.ts';
import { type Component, componentsIn, ownLines, readComponents } from './read-components.ts';

/** Offsets in milliseconds east of UTC. */
export interface ZoneRules {
  readonly tzid: string;
  readonly licLocation: string | null;
  offsetAt(instant: number): number | null;
}

interface Onset {
  readonly instant: number;
  readonly from: number;
  readonly to: number;
}

interface YearlyRule {
  readonly from: number;
  readonly to: number;
  /** Local milliseconds of the first onset. */
  readonly start: number;
  readonly firstYear: number;
  readonly lastYear: number;
  /** The last instant at which an onset may lie. */
  readonly until: number;
  readonly month: number;
  /** Which days of the month: by number, and by weekday (0 Sunday) with its ordinal (0: every). */
  readonly monthDays: ReadonlySet<number>;
  readonly weekdays: readonly { readonly ordinal: number; readonly weekday: number }[];
}

interface Observance {
  readonly onsets: readonly Onset[];
  readonly rule: YearlyRule | null;
}

const MAX_ONSETS = 2000;
const MAX_RULES = 50;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** Null where the text is no VTIMEZONE with a TZID. A zone without one usable observance has no offsets. */
export function readZoneRules(text: string): ZoneRules | null {
  const [zone] = readComponents(splitLines(text), 'VTIMEZONE').components;
  if (zone === undefined) return null;
  const values = valuesByName(zone);
  const [tzid] = values('TZID');
  if (tzid === undefined) return null;
  const [licLocation = null] = values('X-LIC-LOCATION');
  return { tzid, licLocation, offsetAt: offsets(componentsIn(zone).map(readObservance)) };
}

function valuesByName(component: Component): (name: string) => readonly string[] {
  const values = new Map<string, string[]>();
  for (const { name, value } of ownLines(component)) {
    const known = values.get(name);
    if (known) known.push(value.trim());
    else values.set(name, [value.trim()]);
  }
  return (name) => values.get(name) ?? [];
}

function readObservance(component: Component): Observance {
  const values = valuesByName(component);
  const [from = null] = values('TZOFFSETFROM').map(parseOffset);
  const [to = null] = values('TZOFFSETTO').map(parseOffset);
  const [start = null] = values('DTSTART').map(parseLocal);
  if (from === null || to === null || start === null) return { onsets: [], rule: null };
  const dates = values('RDATE').flatMap((value) => value.split(',', MAX_ONSETS));
  const onsets = [start, ...dates.map((date) => parseLocal(date.trim().slice(0, 15)))]
    .filter((local) => local !== null)
    .map((local) => ({ instant: local - from, from, to }));
  const [rrule] = values('RRULE');
  return { onsets, rule: rrule === undefined ? null : readRule(rrule, start, from, to) };
}

function readRule(text: string, start: number, from: number, to: number): YearlyRule | null {
  const parts = new Map<string, string>();
  for (const part of text.toUpperCase().split(';')) {
    const [name = '', value = ''] = part.trim().split('=', 2);
    parts.set(name, value);
  }
  if (parts.get('FREQ') !== 'YEARLY' || (parts.get('INTERVAL') ?? '1') !== '1') return null;
  const first = new Date(start);
  const firstYear = first.getUTCFullYear();
  const month = Number(parts.get('BYMONTH') ?? first.getUTCMonth() + 1);
  if (!(month >= 1 && month <= 12)) return null;
  const until = parseLocal(parts.get('UNTIL')?.replace(/Z$/, '') ?? '');
  const count = Number(parts.get('COUNT') ?? Number.NaN);
  const weekdays = (parts.get('BYDAY')?.split(',', 31) ?? []).map((day) => ({
    ordinal: Number.parseInt(day, 10) || 0,
    weekday: WEEKDAYS.indexOf(day.slice(-2)),
  }));
  const monthDays = new Set(parts.get('BYMONTHDAY')?.split(',', 31).map(Number));
  if (monthDays.size === 0 && weekdays.length === 0) monthDays.add(first.getUTCDate());
  const lastYear = Math.min(
    until === null ? 9999 : new Date(until).getUTCFullYear(),
    Number.isInteger(count) ? firstYear + count - 1 : 9999,
  );
  return { from, to, start, firstYear, lastYear, until: until ?? Number.POSITIVE_INFINITY, month, monthDays, weekdays };
}

/** The onset of one year: the first day of the month that is meant. Null: none. */
function onsetIn(rule: YearlyRule, year: number): Onset | null {
  const last = daysInMonth(year, rule.month);
  const first = localMillis(year, rule.month, 1);
  const firstWeekday = new Date(first).getUTCDay();
  const timeOfDay = ((rule.start % DAY) + DAY) % DAY;
  for (let day = 1; day <= last; day++) {
    if (!isDayOf(rule, day, last, (firstWeekday + day - 1) % 7)) continue;
    const local = first + (day - 1) * DAY + timeOfDay;
    if (local >= rule.start && local - rule.from <= rule.until) {
      return { instant: local - rule.from, from: rule.from, to: rule.to };
    }
  }
  return null;
}

function isDayOf({ monthDays, weekdays }: YearlyRule, day: number, last: number, weekday: number): boolean {
  if (monthDays.size > 0 && !monthDays.has(day) && !monthDays.has(day - last - 1)) return false;
  if (weekdays.length === 0) return true;
  return weekdays.some((wanted) => wanted.weekday === weekday && ordinalMatches(wanted.ordinal, day, last));
}

function ordinalMatches(ordinal: number, day: number, last: number): boolean {
  if (ordinal === 0) return true;
  return ordinal > 0 ? Math.ceil(day / 7) === ordinal : Math.ceil((last - day + 1) / 7) === -ordinal;
}

function offsets(observances: readonly Observance[]): (instant: number) => number | null {
  const fixed = observances
    .flatMap((observance) => observance.onsets)
    .slice(0, MAX_ONSETS)
    .sort(byInstant);
  const rules = observances.flatMap((observance) => observance.rule ?? []).slice(0, MAX_RULES);
  const years = new Map<number, Onset[]>();
  return (instant) => {
    const year = new Date(instant).getUTCFullYear();
    let near = years.get(year);
    if (!near) {
      near = onsetsNear(fixed, rules, year);
      if (years.size < 200) years.set(year, near);
    }
    const last = near.findLast((onset) => onset.instant <= instant);
    return last ? last.to : (near[0]?.from ?? null);
  };
}

/** Every onset that can matter in that year: of a rule that has ended, its last one. */
function onsetsNear(fixed: readonly Onset[], rules: readonly YearlyRule[], year: number): Onset[] {
  const ruled = rules.flatMap((rule) => {
    const end = Math.min(year + 1, rule.lastYear);
    return Array.from({ length: 4 }, (_, back) => end - back)
      .filter((candidate) => candidate >= rule.firstYear)
      .flatMap((candidate) => onsetIn(rule, candidate) ?? []);
  });
  return [...fixed, ...ruled].sort(byInstant);
}

function byInstant(a: Onset, b: Onset): number {
  return a.instant - b.instant;
}

/** RFC 5545 §3.3.14, in milliseconds. */
function parseOffset(text: string): number | null {
  const fields = /^([+-])(\d{2}):?(\d{2})(\d{2})?$/.exec(text);
  if (!fields) return null;
  const [, sign, hours, minutes, seconds] = fields;
  const millis = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === '-' ? -millis : millis;
}
