// Describes a recurrence in words. In: the RRULE, the start of the series, the added and the excluded dates; out: text such as `every
// other week on Monday and Friday, until June 30, 2027, except May 3, 2027`. It refuses to describe a rule that is too complex
// for such a sentence; the text is then `on several dates`.
import { DAY, parseLocal } from '../ical/local-time.ts';
import { type Numbers, type Rule, type RuleWeekday, readRule, WEEKDAYS } from '../ical/read-rule.ts';
import { localAt, readTime } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';
import { dateFormatter, describeDay, localeOf, type Reader } from './format-time.ts';
import type { Recurrence, Templates } from './types.ts';

/** A Sunday. */
const FIRST_WEEKDAY = Date.UTC(2023, 0, 1);
const MAX_DATES = 5;

/** A rule with only the parts that can be described. */
interface PlainRule extends Pick<Rule, 'frequency' | 'interval'> {
  readonly days: readonly RuleWeekday[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
}

/** Returns null if the rule has other parts, or values out of range. */
function plainRule(rule: Rule): PlainRule | null {
  const others = [rule.weekNumbers, rule.yearDays, rule.hours, rule.minutes, rule.seconds];
  const days = plainDays(rule);
  const monthDays = inRange(rule.monthDays, -31, 31);
  const months = inRange(rule.months, 1, 12);
  if (others.some((part) => part !== null) || rule.unknown.length > 0) return null;
  if (days === null || monthDays === null || months === null) return null;
  return { frequency: rule.frequency, interval: rule.interval, days, monthDays, months };
}

/** Returns the sorted numbers, null if one is out of range. */
function inRange(numbers: Numbers | null, min: number, max: number): number[] | null {
  const sorted = [...(numbers ?? [])].sort((a, b) => a - b);
  const isValid = (value: number) => Number.isInteger(value) && value !== 0 && value >= min && value <= max;
  return sorted.every(isValid) ? sorted : null;
}

/** Returns the weekdays from Monday to Sunday, null if they cannot be described. */
function plainDays({ weekdays, positions }: Rule): readonly RuleWeekday[] | null {
  const days = weekdays ?? [];
  if (days.some(({ weekday }) => weekday < 0)) return null;
  if (positions === null) return days.toSorted((a, b) => ((a.weekday + 6) % 7) - ((b.weekday + 6) % 7));
  // Outlook writes the second Tuesday as `BYDAY=TU;BYSETPOS=2`.
  const [day, another] = days;
  const [ordinal = 0, more] = positions;
  return day?.ordinal === 0 && another === undefined && more === undefined ? [{ ...day, ordinal }] : null;
}

/** The catalogue messages and the names of weekdays and months in the reader's language. */
class Words {
  readonly #reader: Reader;
  readonly #templates: Templates;

  constructor(reader: Reader, templates: Templates) {
    this.#reader = reader;
    this.#templates = templates;
  }

  message(name: string, values: Readonly<Record<string, string | number>>): string {
    return this.#templates.message(this.#reader.language, `mail.repeat.${name}`, values);
  }

  list(items: readonly string[]): string {
    return new Intl.ListFormat(localeOf(this.#reader.language), { type: 'conjunction' }).format(items);
  }

  weekday(index: number): string {
    return dateFormatter(this.#reader.language, { weekday: 'long' }).format(FIRST_WEEKDAY + index * DAY);
  }

  month(number: number): string {
    return dateFormatter(this.#reader.language, { month: 'long' }).format(Date.UTC(2024, number - 1, 1));
  }

  dayOfYear(month: number, day: number): string {
    return dateFormatter(this.#reader.language, { month: 'long', day: 'numeric' }).format(
      Date.UTC(2024, month - 1, day),
    );
  }

  /** Returns text such as `the first Monday and the third Monday`; null if there is no word for a position. */
  positions(days: PlainRule['days']): string | null {
    const words = days.map(({ ordinal, weekday }) => {
      if (ordinal === 0 || ordinal > 5 || ordinal < -2 || !Number.isInteger(ordinal)) return null;
      const name = `${ordinal < 0 ? 'm' : 'p'}${Math.abs(ordinal)}`;
      return this.message('nth', { position: name, weekday: this.weekday(weekday), day: WEEKDAYS[weekday] ?? '' });
    });
    return words.includes(null) ? null : this.list(words.filter((word) => word !== null));
  }
}

function isWorkWeek(days: PlainRule['days']): boolean {
  return days.map((day) => day.weekday).join() === '1,2,3,4,5';
}

function describeDaily(rule: PlainRule, words: Words): string | null {
  if (rule.monthDays.length > 0 || rule.months.length > 0) return null;
  if (rule.days.length === 0) return words.message('daily', { interval: rule.interval });
  return rule.interval === 1 ? describeWeekly(rule, words) : null;
}

function describeWeekly(rule: PlainRule, words: Words): string | null {
  const { interval, days } = rule;
  if (rule.monthDays.length > 0 || rule.months.length > 0 || days.some((day) => day.ordinal !== 0)) return null;
  if (days.length === 0) return words.message('weekly', { interval });
  if (interval === 1 && isWorkWeek(days)) return words.message('weekdays', {});
  return words.message('weeklyOn', { interval, days: words.list(days.map((day) => words.weekday(day.weekday))) });
}

function describeMonthly(rule: PlainRule, start: Date, words: Words): string | null {
  const { interval, days, monthDays } = rule;
  if (rule.months.length > 0 || (days.length > 0 && monthDays.length > 0)) return null;
  if (days.length > 0) {
    const weekdays = words.positions(days);
    return weekdays === null ? null : words.message('monthlyNth', { interval, weekdays });
  }
  if (monthDays.join() === '-1') return words.message('monthlyLast', { interval });
  if (monthDays.some((day) => day < 0)) return null;
  const shown = monthDays.length > 0 ? monthDays : [start.getUTCDate()];
  return words.message('monthlyOn', { interval, days: words.list(shown.map(String)) });
}

function describeYearly(rule: PlainRule, start: Date, words: Words): string | null {
  const { interval, days, monthDays, months } = rule;
  if (months.length > 1 || monthDays.length > 1) return null;
  const month = months[0] ?? start.getUTCMonth() + 1;
  if (days.length > 0) {
    const weekdays = monthDays.length > 0 || months.length === 0 ? null : words.positions(days);
    return weekdays === null ? null : words.message('yearlyNth', { interval, weekdays, month: words.month(month) });
  }
  const day = monthDays[0] ?? start.getUTCDate();
  // BYMONTHDAY without BYMONTH is that day of every month (RFC 5545 §3.3.10).
  if (day < 0 || (monthDays.length > 0 && months.length === 0)) return null;
  return words.message('yearly', { interval, date: words.dayOfYear(month, day) });
}

function describeRule(rule: PlainRule | null, start: Date, words: Words): string | null {
  switch (rule?.frequency) {
    case 'DAILY':
      return describeDaily(rule, words);
    case 'WEEKLY':
      return describeWeekly(rule, words);
    case 'MONTHLY':
      return describeMonthly(rule, start, words);
    case 'YEARLY':
      return describeYearly(rule, start, words);
    default:
      return null;
  }
}

/** Returns the date of UNTIL in the event's zone, which may differ from its date in UTC. */
function untilDay(until: string, start: CalendarTime): CalendarTime | null {
  const time = readTime(until, {}, []);
  if (time === null || time.form === 'date') return time;
  const zone = start.zone;
  const known = time.instant !== null && zone !== null && start.instant !== null;
  const local = (known ? localAt(time.instant, zone, []) : null) ?? time.local;
  return { form: 'date', local: local.slice(0, 8), zone: null, instant: null };
}

/** `also` adds the dates to the text of the series, `except` excludes them, `dates` lists them alone. */
function withDates(
  name: 'also' | 'except' | 'dates',
  repeat: string,
  times: readonly CalendarTime[],
  reader: Reader,
  words: Words,
): string {
  const days = [...new Set(times.map((time) => describeDay(time, reader)))].filter((day) => day !== '');
  if (days.length === 0) return repeat;
  const shown = days.slice(0, MAX_DATES);
  if (days.length === shown.length) return words.message(name, { repeat, dates: words.list(shown) });
  return words.message(`${name}More`, { repeat, dates: shown.join(', '), count: days.length - shown.length });
}

/** Returns null if the event does not recur. */
export function describeRecurrence(recurrence: Recurrence | null, reader: Reader, templates: Templates): string | null {
  const local = recurrence === null ? null : parseLocal(recurrence.start.local);
  if (recurrence === null || local === null) return null;
  const { rrule, added, excluded } = recurrence;
  const words = new Words(reader, templates);
  if (rrule === null) return withDates('dates', words.message('irregular', {}), added, reader, words);
  const rule = readRule(rrule);
  const repeat = rule && describeRule(plainRule(rule), new Date(local), words);
  const bounded =
    rule === null || repeat === null
      ? words.message('irregular', {})
      : withEnd(repeat, rule, recurrence, reader, words);
  return withDates('except', withDates('also', bounded, added, reader, words), excluded, reader, words);
}

function withEnd(repeat: string, rule: Rule, { start, last }: Recurrence, reader: Reader, words: Words): string {
  const end = last ?? (rule.until === null ? null : untilDay(rule.until, start));
  if (end !== null) return words.message('until', { repeat, date: describeDay(end, reader) });
  return rule.count === null ? repeat : words.message('count', { repeat, count: rule.count });
}
