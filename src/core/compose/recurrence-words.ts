// In: an RRULE as the calendar has it, the first start, the dates added and excluded. Out: the recurrence in words, such as
// `every other week on Monday and Friday, until June 30, 2027, except May 3, 2027`. A rule that words of this size
// cannot say is called irregular, never described wrongly.
import { DAY, parseLocal } from '../ical/local-time.ts';
import { occurrenceIdOf } from '../ical/occurrence-id.ts';
import { type Numbers, type Rule, type RuleWeekday, readRule, WEEKDAYS } from '../ical/read-rule.ts';
import { readTime, toLocal } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';
import { dateFormatter, describeDay, localeOf, type Reader } from './format-time.ts';
import type { Templates } from './types.ts';

/** A Sunday. */
const FIRST_WEEKDAY = Date.UTC(2023, 0, 1);
const SHOWN_DATES = 5;

/** A rule of the few parts that words can say. */
interface PlainRule extends Pick<Rule, 'frequency' | 'interval'> {
  readonly days: readonly RuleWeekday[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
}

/** Null where the rule has parts that only a table could show, or values that no day meets. */
function plainRule(rule: Rule): PlainRule | null {
  const others = [rule.weekNumbers, rule.yearDays, rule.hours, rule.minutes, rule.seconds];
  const days = plainDays(rule);
  const monthDays = inRange(rule.monthDays, -31, 31);
  const months = inRange(rule.months, 1, 12);
  if (others.some((part) => part !== null) || rule.unknown.length > 0) return null;
  if (days === null || monthDays === null || months === null) return null;
  return { frequency: rule.frequency, interval: rule.interval, days, monthDays, months };
}

function inRange(numbers: Numbers | null, least: number, most: number): number[] | null {
  const sorted = [...(numbers ?? [])].sort((a, b) => a - b);
  const meant = (value: number) => Number.isInteger(value) && value !== 0 && value >= least && value <= most;
  return sorted.every(meant) ? sorted : null;
}

function plainDays({ weekdays, positions }: Rule): readonly RuleWeekday[] | null {
  const days = weekdays ?? [];
  if (days.some(({ weekday }) => weekday < 0)) return null;
  if (positions === null) return days.toSorted((a, b) => ((a.weekday + 6) % 7) - ((b.weekday + 6) % 7));
  // `BYDAY=TU;BYSETPOS=2`, as Outlook writes the second Tuesday.
  const [day, another] = days;
  const [ordinal = 0, more] = positions;
  return day?.ordinal === 0 && another === undefined && more === undefined ? [{ ...day, ordinal }] : null;
}

/** What the words are made with. */
class Words {
  readonly #reader: Reader;
  readonly #templates: Templates;

  constructor(reader: Reader, templates: Templates) {
    this.#reader = reader;
    this.#templates = templates;
  }

  say(name: string, values: Readonly<Record<string, string | number>>): string {
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

  /** `the first Monday and the third Monday`; null where a position has no word. */
  positions(days: PlainRule['days']): string | null {
    const words = days.map(({ ordinal, weekday }) => {
      if (ordinal === 0 || ordinal > 5 || ordinal < -2 || !Number.isInteger(ordinal)) return null;
      const name = `${ordinal < 0 ? 'm' : 'p'}${Math.abs(ordinal)}`;
      return this.say('nth', { position: name, weekday: this.weekday(weekday), day: WEEKDAYS[weekday] ?? '' });
    });
    return words.includes(null) ? null : this.list(words.filter((word) => word !== null));
  }
}

function isWorkWeek(days: PlainRule['days']): boolean {
  return days.map((day) => day.weekday).join() === '1,2,3,4,5';
}

function sayDaily(rule: PlainRule, words: Words): string | null {
  if (rule.monthDays.length > 0 || rule.months.length > 0) return null;
  if (rule.days.length === 0) return words.say('daily', { interval: rule.interval });
  return rule.interval === 1 ? sayWeekly(rule, words) : null;
}

function sayWeekly(rule: PlainRule, words: Words): string | null {
  const { interval, days } = rule;
  if (rule.monthDays.length > 0 || rule.months.length > 0 || days.some((day) => day.ordinal !== 0)) return null;
  if (days.length === 0) return words.say('weekly', { interval });
  if (interval === 1 && isWorkWeek(days)) return words.say('weekdays', {});
  return words.say('weeklyOn', { interval, days: words.list(days.map((day) => words.weekday(day.weekday))) });
}

function sayMonthly(rule: PlainRule, start: Date, words: Words): string | null {
  const { interval, days, monthDays } = rule;
  if (rule.months.length > 0 || (days.length > 0 && monthDays.length > 0)) return null;
  if (days.length > 0) {
    const weekdays = words.positions(days);
    return weekdays === null ? null : words.say('monthlyNth', { interval, weekdays });
  }
  if (monthDays.join() === '-1') return words.say('monthlyLast', { interval });
  if (monthDays.some((day) => day < 0)) return null;
  const shown = monthDays.length > 0 ? monthDays : [start.getUTCDate()];
  return words.say('monthlyOn', { interval, days: words.list(shown.map(String)) });
}

function sayYearly(rule: PlainRule, start: Date, words: Words): string | null {
  const { interval, days, monthDays, months } = rule;
  if (months.length > 1 || monthDays.length > 1) return null;
  const month = months[0] ?? start.getUTCMonth() + 1;
  if (days.length > 0) {
    const weekdays = monthDays.length > 0 || months.length === 0 ? null : words.positions(days);
    return weekdays === null ? null : words.say('yearlyNth', { interval, weekdays, month: words.month(month) });
  }
  const day = monthDays[0] ?? start.getUTCDate();
  // A month day alone is that day of every month (RFC 5545 §3.3.10).
  if (day < 0 || (monthDays.length > 0 && months.length === 0)) return null;
  return words.say('yearly', { interval, date: words.dayOfYear(month, day) });
}

function sayRule(rule: PlainRule | null, start: Date, words: Words): string | null {
  switch (rule?.frequency) {
    case 'DAILY':
      return sayDaily(rule, words);
    case 'WEEKLY':
      return sayWeekly(rule, words);
    case 'MONTHLY':
      return sayMonthly(rule, start, words);
    case 'YEARLY':
      return sayYearly(rule, start, words);
    default:
      return null;
  }
}

/** The day that UNTIL means where the event is, which may be the day before the one UTC has. */
function untilDay(until: string, start: CalendarTime): CalendarTime | null {
  const time = readTime(until, {}, []);
  if (time === null || time.form === 'date') return time;
  const zone = start.zone;
  const known = time.instant !== null && zone !== null && start.instant !== null;
  const local = known ? localDay(time.instant, zone, time.local) : time.local;
  return { form: 'date', local: local.slice(0, 8), zone: null, instant: null };
}

function localDay(instant: number, zone: string, otherwise: string): string {
  try {
    return toLocal(instant, zone);
  } catch {
    return otherwise;
  }
}

/** `also`: the series with these dates; `except`: without them; `dates`: it is these dates. */
function sayDays(
  name: 'also' | 'except' | 'dates',
  repeat: string,
  times: readonly CalendarTime[],
  reader: Reader,
  words: Words,
): string {
  const days = [...new Set(times.map((time) => describeDay(time, reader)))].filter((day) => day !== '');
  if (days.length === 0) return repeat;
  const shown = days.slice(0, SHOWN_DATES);
  if (days.length === shown.length) return words.say(name, { repeat, dates: words.list(shown) });
  return words.say(`${name}More`, { repeat, dates: shown.join(', '), count: days.length - shown.length });
}

/** Null where the event does not recur. */
export function describeRecurrence(
  event: {
    readonly rrule: string | null;
    readonly start: CalendarTime | null;
    readonly added: readonly CalendarTime[];
    readonly excluded: readonly CalendarTime[];
  },
  reader: Reader,
  templates: Templates,
): string | null {
  const { rrule, start, added, excluded } = event;
  const local = start === null ? null : parseLocal(start.local);
  if (start === null || local === null || (rrule === null && added.length === 0)) return null;
  const words = new Words(reader, templates);
  if (rrule === null) {
    const gone = new Set(excluded.map(occurrenceIdOf));
    const dates = [start, ...added].filter((time) => !gone.has(occurrenceIdOf(time)));
    return sayDays('dates', words.say('irregular', {}), dates, reader, words);
  }
  const rule = readRule(rrule);
  const said = rule && sayRule(plainRule(rule), new Date(local), words);
  if (rule === null || said === null) return words.say('irregular', {});
  const last = rule.until === null ? null : untilDay(rule.until, start);
  const bounded =
    last !== null
      ? words.say('until', { repeat: said, date: describeDay(last, reader) })
      : rule.count !== null
        ? words.say('count', { repeat: said, count: rule.count })
        : said;
  return sayDays('except', sayDays('also', bounded, added, reader, words), excluded, reader, words);
}
