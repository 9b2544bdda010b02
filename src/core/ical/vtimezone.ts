// The rules of a VTIMEZONE component (RFC 5545 §3.6.5): its text comes in, offsets go out. Only what VTIMEZONEs are
// made of is evaluated — DTSTART, RDATE, and yearly rules on a day of a month — one year at a time, so that no rule
// can cost more than its own text; any other rule counts for its DTSTART alone.
import { splitLines } from './content-lines.ts';
import { dayFilter } from './expand-rule.ts';
import { DAY, daysInMonth, localMillis, parseLocal } from './local-time.ts';
import { type Component, componentsIn, ownLines, readComponents } from './read-components.ts';
import { readRule } from './read-rule.ts';

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
  /** Whether the rule means the day that begins at that midnight. */
  isDay(midnight: number): boolean;
}

interface Observance {
  readonly onsets: readonly Onset[];
  readonly rule: YearlyRule | null;
}

const MAX_ONSETS = 2000;
const MAX_RULES = 50;
const MAX_WEEKDAYS = 31;

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
  return { onsets, rule: rrule === undefined ? null : readYearlyRule(rrule, start, from, to) };
}

function readYearlyRule(text: string, start: number, from: number, to: number): YearlyRule | null {
  const rule = readRule(text);
  const first = new Date(start);
  const [month = first.getUTCMonth() + 1, another] = rule?.months ?? [];
  if (rule?.frequency !== 'YEARLY' || rule.interval !== 1 || another !== undefined || !(month >= 1 && month <= 12)) {
    return null;
  }
  const until = parseLocal(rule.until?.replace(/Z$/, '') ?? '');
  const firstYear = first.getUTCFullYear();
  const lastYear = Math.min(
    until === null ? 9999 : new Date(until).getUTCFullYear(),
    rule.count === null ? 9999 : firstYear + rule.count - 1,
  );
  const weekdays = rule.weekdays?.slice(0, MAX_WEEKDAYS) ?? null;
  const isDay = dayFilter({ ...rule, weekdays, months: new Set([month]) }, start);
  return { from, to, start, firstYear, lastYear, until: until ?? Number.POSITIVE_INFINITY, month, isDay };
}

/** The onset of one year: the first day of the month that is meant. Null: none. */
function onsetIn({ month, start, from, to, until, isDay }: YearlyRule, year: number): Onset | null {
  const timeOfDay = ((start % DAY) + DAY) % DAY;
  for (let day = 1; day <= daysInMonth(year, month); day++) {
    const midnight = localMillis(year, month, day);
    const local = midnight + timeOfDay;
    if (local >= start && local - from <= until && isDay(midnight)) return { instant: local - from, from, to };
  }
  return null;
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
