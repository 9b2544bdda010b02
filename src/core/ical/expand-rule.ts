// Expands an RRULE (RFC 5545 §3.3.10). In: a rule; out: its starts in local time (see local-time.ts), one period after the other.
// It keeps at most the days of one year in memory; the caller limits the time. It refuses nothing: a rule with an impossible
// part has no starts.
import { DAY, daysInMonth, HOUR, localMillis, midnightOf } from './local-time.ts';
import type { Numbers, Rule } from './read-rule.ts';

/** Limits an expansion on the main thread. Once `left` is negative, the expansion ends early. */
export interface WorkBudget {
  /** Counts examined days, their comparisons with weekdays, positions, and starts. */
  left: number;
}

const UNITS = { SECONDLY: 1000, MINUTELY: 60_000, HOURLY: HOUR, DAILY: DAY, WEEKLY: 7 * DAY };
/** RFC 5545 §3.3.4: a year has four digits. */
const END_OF_TIME = localMillis(10_000, 1, 1);

/**
 * Returns the starts of the rule from `start` on, in order, without regard to COUNT and UNTIL. Periods that end before `from`
 * are skipped. To count starts, pass `start` as `from`.
 */
export function* ruleStarts(
  rule: Rule,
  start: number,
  from: number,
  budget: WorkBudget = { left: Number.POSITIVE_INFINITY },
): Generator<number> {
  const isAllowed = dayFilter(rule, start);
  const times = timesOfPeriod(rule, start);
  const workPerDay = 1 + (rule.weekdays?.length ?? 0);
  for (let period = firstPeriod(rule, start, from); ; period += rule.interval) {
    const days = daysOfPeriod(rule, start, period);
    // Beyond the range of Date, `first` is NaN.
    if (!(days.first < END_OF_TIME)) return;
    budget.left -= ((days.end - days.first) / DAY) * workPerDay + (rule.positions?.size ?? 0);
    if (budget.left < 0) return;
    const matching: number[] = [];
    for (let at = days.first; at < days.end; at += DAY) if (isAllowed(at)) matching.push(at);
    if (matching.length > 0) yield* startsOfDays(matching, times(period), rule.positions, start);
  }
}

function* startsOfDays(
  days: readonly number[],
  times: readonly number[],
  positions: Numbers | null,
  start: number,
): Generator<number> {
  const total = days.length * times.length;
  const indexes = positions && [...positions].map((position) => (position > 0 ? position - 1 : total + position));
  const at = (index: number) => (days[Math.floor(index / times.length)] ?? 0) + (times[index % times.length] ?? 0);
  const chosen = indexes?.filter((index) => index >= 0 && index < total).sort((a, b) => a - b);
  const length = chosen ? chosen.length : total;
  for (let step = 0; step < length; step++) {
    const local = at(chosen ? (chosen[step] ?? 0) : step);
    if (local >= start && (step === 0 || !chosen || chosen[step] !== chosen[step - 1])) yield local;
  }
}

/** Returns the first period to expand for `from`. Periods are numbered from that of `start`; the rule uses every `interval`th. */
function firstPeriod(rule: Rule, start: number, from: number): number {
  const ahead =
    rule.frequency === 'YEARLY' || rule.frequency === 'MONTHLY'
      ? (monthsOf(from) - monthsOf(start)) / (rule.frequency === 'YEARLY' ? 12 : 1)
      : (from - start) / UNITS[rule.frequency];
  return Math.max(0, Math.floor((ahead - 1) / rule.interval)) * rule.interval;
}

/** Returns the days of a period as midnights; `end` is exclusive. A period shorter than a day has the day that contains it. */
function daysOfPeriod(rule: Rule, start: number, period: number): { first: number; end: number } {
  const { frequency } = rule;
  if (frequency === 'YEARLY') {
    const year = yearOf(start) + period;
    return { first: localMillis(year, 1, 1), end: localMillis(year + 1, 1, 1) };
  }
  if (frequency === 'MONTHLY') {
    const months = monthsOf(start) + period;
    const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
    return { first: localMillis(year, month, 1), end: localMillis(year, month + 1, 1) };
  }
  const today = midnightOf(start);
  if (frequency === 'WEEKLY') {
    const first = today - daysSinceWeekStart(weekdayOf(today), rule.weekStart) * DAY + period * UNITS.WEEKLY;
    return { first, end: first + 7 * DAY };
  }
  const first = midnightOf(start + period * UNITS[frequency]);
  return { first, end: first + DAY };
}

/** Returns the times of day of a period in milliseconds, in order. */
function timesOfPeriod(rule: Rule, start: number): (period: number) => readonly number[] {
  const unit = rule.frequency === 'MONTHLY' || rule.frequency === 'YEARLY' ? DAY : UNITS[rule.frequency];
  const make = (local: number) => {
    const hours = unit <= HOUR ? limit(hourOf(local), rule.hours) : expand(hourOf(start), rule.hours, 24);
    const minutes = unit < HOUR ? limit(minuteOf(local), rule.minutes) : expand(minuteOf(start), rule.minutes, 60);
    const seconds = unit < 60_000 ? limit(secondOf(local), rule.seconds) : expand(secondOf(start), rule.seconds, 60);
    return hours.flatMap((hour) =>
      minutes.flatMap((minute) => seconds.map((second) => ((hour * 60 + minute) * 60 + second) * 1000)),
    );
  };
  if (unit <= HOUR) return (period) => make(start + period * unit);
  const times = make(start);
  return () => times;
}

function hourOf(local: number): number {
  return new Date(local).getUTCHours();
}

function minuteOf(local: number): number {
  return new Date(local).getUTCMinutes();
}

function secondOf(local: number): number {
  return new Date(local).getUTCSeconds();
}

function limit(value: number, allowed: Numbers | null): number[] {
  return allowed === null || allowed.has(value) ? [value] : [];
}

function expand(value: number, allowed: Numbers | null, end: number): number[] {
  if (allowed === null) return [value];
  return Array.from({ length: end }, (_, candidate) => candidate).filter((candidate) => allowed.has(candidate));
}

/** Returns a predicate for the days (as midnights) that the BY parts allow. Missing parts are taken from the start. */
export function dayFilter(rule: Rule, start: number): (midnight: number) => boolean {
  const { frequency, months, weekNumbers, yearDays, monthDays } = rule;
  const yearly = frequency === 'YEARLY';
  const free = !weekNumbers && !yearDays && !monthDays && !rule.weekdays;
  const allowedMonths = free && yearly ? (months ?? new Set([(monthsOf(start) % 12) + 1])) : months;
  const allowedDays = free && (yearly || frequency === 'MONTHLY') ? new Set([new Date(start).getUTCDate()]) : monthDays;
  const ownWeekday = (free && frequency === 'WEEKLY') || (weekNumbers && !rule.weekdays && !monthDays && !yearDays);
  const weekdays = ownWeekday ? [{ ordinal: 0, weekday: weekdayOf(start) }] : rule.weekdays;
  const ordinals = frequency === 'MONTHLY' || (yearly && months) ? 'month' : yearly && !weekNumbers ? 'year' : null;
  return (midnight) => {
    const date = new Date(midnight);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth() + 1;
    const day = date.getUTCDate();
    if (allowedMonths && !allowedMonths.has(month)) return false;
    if (allowedDays && !hasPosition(allowedDays, day, daysInMonth(year, month))) return false;
    if (weekdays) {
      const weekday = date.getUTCDay();
      const [position, length] =
        ordinals === 'month' ? [day, daysInMonth(year, month)] : [dayOfYear(midnight, year), daysOfYear(year)];
      const matches = weekdays.some(
        ({ weekday: allowed, ordinal }) =>
          allowed === weekday &&
          (ordinal === 0 || ordinals === null || ordinal === ordinalOf(ordinal, position, length)),
      );
      if (!matches) return false;
    }
    if (yearDays && !hasPosition(yearDays, dayOfYear(midnight, year), daysOfYear(year))) return false;
    return !weekNumbers || hasWeek(weekNumbers, midnight, rule.weekStart);
  };
}

/** Negative numbers count from the end. */
function hasPosition(allowed: Numbers, position: number, length: number): boolean {
  return allowed.has(position) || allowed.has(position - length - 1);
}

function ordinalOf(sign: number, position: number, length: number): number {
  return sign > 0 ? Math.ceil(position / 7) : -Math.ceil((length - position + 1) / 7);
}

/** RFC 5545 §3.3.10: week 1 is the first with at least four days in its year. */
function hasWeek(allowed: Numbers, midnight: number, weekStart: number): boolean {
  const middle = middleOfWeek(midnight, weekStart);
  const year = yearOf(middle);
  const weeks = weekNumber(middleOfWeek(localMillis(year, 12, 28), weekStart), year);
  return hasPosition(allowed, weekNumber(middle, year), weeks);
}

function middleOfWeek(midnight: number, weekStart: number): number {
  return midnight - (daysSinceWeekStart(weekdayOf(midnight), weekStart) - 3) * DAY;
}

function weekNumber(middle: number, year: number): number {
  return Math.ceil(dayOfYear(middle, year) / 7);
}

function daysSinceWeekStart(weekday: number, weekStart: number): number {
  return (weekday - weekStart + 7) % 7;
}

function dayOfYear(midnight: number, year: number): number {
  return (midnight - localMillis(year, 1, 1)) / DAY + 1;
}

function daysOfYear(year: number): number {
  return dayOfYear(localMillis(year, 12, 31), year);
}

function weekdayOf(local: number): number {
  return new Date(local).getUTCDay();
}

function yearOf(local: number): number {
  return new Date(local).getUTCFullYear();
}

/** Months since the year 0. */
function monthsOf(local: number): number {
  return yearOf(local) * 12 + new Date(local).getUTCMonth();
}
