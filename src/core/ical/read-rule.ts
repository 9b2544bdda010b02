// Parses an RRULE (RFC 5545 §3.3.10). In: its text; out: its values, or a key for comparison. It refuses (null) a text without a
// valid FREQ, INTERVAL or COUNT. Impossible values (`BYMONTH=13`, `BYDAY=XX`) are kept; such a rule has no starts.

/** RFC 5545 §3.3.10, in the order of `Date`. */
export const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const FREQUENCIES = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;

type Frequency = (typeof FREQUENCIES)[number];
export type Numbers = ReadonlySet<number>;

export interface RuleWeekday {
  /** 0 for every such weekday of the period. */
  readonly ordinal: number;
  /** 0 is Sunday, -1 is an invalid name. */
  readonly weekday: number;
}

export interface Rule {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | null;
  /** As written, because its meaning depends on the zone of the start. */
  readonly until: string | null;
  /** 0 is Sunday. */
  readonly weekStart: number;
  /** The BY parts; null if the rule does not have the part. */
  readonly months: Numbers | null;
  readonly weekNumbers: Numbers | null;
  readonly yearDays: Numbers | null;
  readonly monthDays: Numbers | null;
  readonly weekdays: readonly RuleWeekday[] | null;
  readonly hours: Numbers | null;
  readonly minutes: Numbers | null;
  readonly seconds: Numbers | null;
  readonly positions: Numbers | null;
  /** Parts that RFC 5545 does not define, such as RSCALE (RFC 7529). They do not affect the starts. */
  readonly unknown: readonly string[];
}

/** Returns null if FREQ, INTERVAL or COUNT is invalid (RFC 5545 §3.3.10). */
export function readRule(text: string): Rule | null {
  const parts = readParts(text);
  const take = (name: string): string | null => {
    const value = parts.get(name) ?? null;
    parts.delete(name);
    return value;
  };
  const numbers = (name: string): Numbers | null => {
    const value = take(name);
    return value === null ? null : new Set(splitList(value).map(Number));
  };
  const written = take('FREQ');
  const frequency = FREQUENCIES.find((each) => each === written);
  const interval = readPositive(take('INTERVAL') ?? '1');
  const counted = take('COUNT');
  const count = counted === null ? null : readPositive(counted);
  if (frequency === undefined || interval === null || (counted !== null && count === null)) return null;
  return {
    frequency,
    interval,
    count,
    until: take('UNTIL'),
    weekStart: Math.max(0, WEEKDAYS.indexOf(take('WKST') ?? 'MO')),
    months: numbers('BYMONTH'),
    weekNumbers: numbers('BYWEEKNO'),
    yearDays: numbers('BYYEARDAY'),
    monthDays: numbers('BYMONTHDAY'),
    weekdays: readWeekdays(take('BYDAY')),
    hours: numbers('BYHOUR'),
    minutes: numbers('BYMINUTE'),
    seconds: numbers('BYSECOND'),
    positions: numbers('BYSETPOS'),
    unknown: [...parts.keys()],
  };
}

/** Returns a key that is equal for equivalent rules: the order of parts and explicit default values do not matter. */
export function ruleKey(text: string): string {
  return [...readParts(text)]
    .map(([name, value]) => `${name}=${name.startsWith('BY') ? splitList(value).sort().join(',') : value}`)
    .filter((part) => part !== 'INTERVAL=1' && part !== 'WKST=MO')
    .sort()
    .join(';');
}

/** Returns the parts by name, in upper case, without parts that have no value. */
function readParts(text: string): Map<string, string> {
  const parts = text.toUpperCase().replace(/\s/g, '').split(';');
  const pairs = parts.map((part) => /^([^=]+)=(.+)$/.exec(part)).filter((found) => found !== null);
  return new Map(pairs.map(([, name = '', value = '']) => [name, value]));
}

function splitList(value: string): string[] {
  return value.split(',').filter((part) => part !== '');
}

function readPositive(text: string): number | null {
  const number = Math.floor(Number(text));
  return Number.isSafeInteger(number) && number >= 1 ? number : null;
}

/** Returns each weekday once, so that the number of weekdays is limited. */
function readWeekdays(text: string | null): Rule['weekdays'] {
  if (text === null) return null;
  const days = splitList(text).map((part): RuleWeekday => {
    const [, ordinal = 0, name = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(part) ?? [];
    return { ordinal: Number(ordinal), weekday: WEEKDAYS.indexOf(name) };
  });
  return [...new Map(days.map((day) => [`${day.ordinal} ${day.weekday}`, day])).values()];
}
