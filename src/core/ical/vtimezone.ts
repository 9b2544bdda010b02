// Evaluates a VTIMEZONE (RFC 5545 §3.6.5). In: its text; out: its offsets. It evaluates DTSTART, RDATE, and yearly rules for a
// day of a month, one year at a time, so that the cost is limited by the length of the text. It refuses (ignores) other rules,
// and uses only their DTSTART.
import { splitLines } from './content-lines.ts';
import { dayFilter } from './expand-rule.ts';
import { daysInMonth, localMillis, parseLocal, timeOfDay } from './local-time.ts';
import { type Component, componentsIn, ownLines, readComponents } from './read-components.ts';
import { readRule } from './read-rule.ts';

/** Offsets are in milliseconds east of UTC. */
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
  /** The first onset in local milliseconds. */
  readonly start: number;
  readonly firstYear: number;
  readonly lastYear: number;
  /** The last possible instant of an onset. */
  readonly until: number;
  readonly month: number;
  /** Returns whether the rule matches the day that begins at this midnight. */
  isDay(midnight: number): boolean;
}

interface Observance {
  readonly onsets: readonly Onset[];
  readonly rule: YearlyRule | null;
}

const MAX_ONSETS = 2000;
const MAX_RULES = 50;
const MAX_WEEKDAYS = 31;

/** Returns null if the text is not a VTIMEZONE with a TZID. A zone without a valid observance has no offsets. */
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

/** Returns the onset of one year, on the first matching day of the month; null if there is none. */
function onsetIn({ month, start, from, to, until, isDay }: YearlyRule, year: number): Onset | null {
  for (let day = 1; day <= daysInMonth(year, month); day++) {
    const midnight = localMillis(year, month, day);
    const local = midnight + timeOfDay(start);
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
    let onsets = years.get(year);
    if (!onsets) {
      onsets = onsetsAround(fixed, rules, year);
      if (years.size < 200) years.set(year, onsets);
    }
    const last = onsets.findLast((onset) => onset.instant <= instant);
    return last ? last.to : (onsets[0]?.from ?? null);
  };
}

/** Returns all onsets that may apply in this year, also the last onset of a rule that has ended. */
function onsetsAround(fixed: readonly Onset[], rules: readonly YearlyRule[], year: number): Onset[] {
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

/** Parses a UTC-OFFSET (RFC 5545 §3.3.14) and returns milliseconds. */
function parseOffset(text: string): number | null {
  const fields = /^([+-])(\d{2}):?(\d{2})(\d{2})?$/.exec(text);
  if (!fields) return null;
  const [, sign, hours, minutes, seconds] = fields;
  const millis = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === '-' ? -millis : millis;
}
