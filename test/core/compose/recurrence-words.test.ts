import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeRecurrence } from '../../../src/core/compose/recurrence-words.ts';
import type { Templates } from '../../../src/core/compose/types.ts';
import type { CalendarTime } from '../../../src/core/ical/types.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import { loadTemplates } from './samples.ts';

const day = (value: string, tzid: string | null = null): CalendarTime =>
  readTime(value, { tzid }, []) ?? { form: 'date', local: value, zone: null, instant: null };
const start = day('20261103T100000', 'Europe/Paris');

describe('describeRecurrence', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });
  const describeRule = (
    rrule: string | null,
    excluded: readonly string[] = [],
    language = 'en',
    added: readonly string[] = [],
  ): string | null =>
    describeRecurrence(
      { rrule, start, last: null, added: added.map((each) => day(each)), excluded: excluded.map((each) => day(each)) },
      { language, timezone: 'UTC' },
      templates,
    );

  it.each([
    ['FREQ=DAILY', 'every day'],
    ['FREQ=DAILY;INTERVAL=2', 'every other day'],
    ['FREQ=DAILY;INTERVAL=10;COUNT=3', 'every 10 days, 3 times'],
    ['FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR', 'every weekday, Monday to Friday'],
    ['FREQ=WEEKLY', 'every week'],
    ['FREQ=WEEKLY;BYDAY=FR,MO;WKST=SU', 'every week on Monday and Friday'],
    ['FREQ=WEEKLY;BYDAY=SU,MO,WE', 'every week on Monday, Wednesday, and Sunday'],
    [
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR',
      'every other week on Monday, Tuesday, Wednesday, Thursday, and Friday',
    ],
    ['FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630T080000Z', 'every week on Tuesday, until June 30, 2027'],
    // 23:30 UTC is the next day in Paris.
    ['FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630T233000Z', 'every week on Tuesday, until July 1, 2027'],
    ['FREQ=WEEKLY;UNTIL=20270630', 'every week, until June 30, 2027'],
    ['FREQ=MONTHLY', 'every month on day 3'],
    ['FREQ=MONTHLY;BYMONTHDAY=15,1', 'every month on day 1 and 15'],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', 'every month on the last day'],
    ['FREQ=MONTHLY;BYDAY=1TU', 'every month on the first Tuesday'],
    ['FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR', 'every 3 months on the last Friday'],
    ['FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2', 'every month on the second Tuesday'],
    ['FREQ=YEARLY', 'every year on November 3'],
    ['FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1', 'every year on May 1'],
    ['FREQ=YEARLY;BYMONTH=11;BYDAY=4TH', 'every year on the fourth Thursday of November'],
    ['freq=weekly;byday=tu', 'every week on Tuesday'],
    ['FREQ=WEEKLY;COUNT=1', 'every week, once'],
  ])('%s: %s', (rrule, expected) => {
    expect(describeRule(rrule)).toBe(expected);
  });

  it.each([
    'FREQ=HOURLY',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
    'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
    'FREQ=MONTHLY;BYMONTHDAY=-2',
    'FREQ=MONTHLY;BYDAY=TU',
    'FREQ=YEARLY;BYWEEKNO=20',
    'FREQ=YEARLY;BYMONTHDAY=13',
    'FREQ=YEARLY;BYDAY=20MO',
    'FREQ=WEEKLY;BYDAY=1TU',
    'FREQ=DAILY;BYMONTH=2',
    'FREQ=DAILY;INTERVAL=0',
    'FREQ=DAILY;INTERVAL=99999999999999999999',
    'FREQ=DAILY;BYMONTHDAY=77',
    'FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2,3',
    'FREQ=YEARLY;RSCALE=HEBREW',
    'nonsense',
    '',
  ])('does not describe the complex or invalid rule %j', (rrule) => {
    expect(describeRule(rrule)).toBe('on several dates');
  });

  it('lists the excluded dates, at most five', () => {
    expect(describeRule('FREQ=DAILY', ['20261104', '20261104T100000'])).toBe('every day, except November 4, 2026');
    expect(describeRule('FREQ=DAILY', ['20261104', '20261105'])).toBe(
      'every day, except November 4, 2026 and November 5, 2026',
    );
    const many = Array.from({ length: 9 }, (_, at) => `2026120${at + 1}`);
    expect(describeRule('FREQ=DAILY', many)).toMatch(/^every day, except December 1, 2026, .* and 4 other dates$/);
  });

  it.each([
    ['fr', 'FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO', 'un mois sur deux, le premier lundi'],
    ['de', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR', 'jede zweite Woche am Montag und Freitag'],
    ['nl', 'FREQ=YEARLY;INTERVAL=4', 'elke 4 jaar op 3 november'],
    ['es', 'FREQ=DAILY;COUNT=1', 'todos los días, una vez'],
    ['it', 'FREQ=MONTHLY;BYDAY=1SU', 'ogni mese, la prima domenica'],
    ['it', 'FREQ=MONTHLY;BYDAY=-1MO', 'ogni mese, l’ultimo lunedì'],
  ])('describes in %s the rule %s as "%s"', (language, rrule, expected) => {
    expect(describeRule(rrule, [], language)).toBe(expected);
  });

  it.each([
    ['FREQ=WEEKLY;COUNT=3', ['20261120'], [], 'every week, 3 times, also on November 20, 2026'],
    ['FREQ=WEEKLY', ['20261120'], ['20261110'], 'every week, also on November 20, 2026, except November 10, 2026'],
    [
      'FREQ=DAILY;BYHOUR=1,2',
      ['20261120'],
      ['20261110'],
      'on several dates, also on November 20, 2026, except November 10, 2026',
    ],
    [null, ['20261120', '20261204'], [], 'on November 20, 2026 and December 4, 2026'],
    [
      null,
      ['04', '05', '06', '07', '08', '09', '10'].map((date) => `202612${date}`),
      [],
      /^on December 4, 2026, .*, December 8, 2026 and 2 other dates$/,
    ],
  ])('describes %s with %s and without %s: %s', (rrule, added, excluded, expected) => {
    expect(describeRule(rrule, excluded, 'en', added)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  it('returns null for an event that does not recur', () => {
    expect(describeRecurrence(null, { language: 'en', timezone: 'UTC' }, templates)).toBeNull();
  });

  it('returns a text for any rule', () => {
    const part = fc.tuple(
      fc.constantFrom('FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYDAY', 'BYMONTHDAY', 'BYMONTH', 'BYSETPOS', 'BYHOUR'),
      fc.oneof(
        fc.string(),
        fc.integer().map(String),
        fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY', 'MO', '-1FR', '20270101'),
      ),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        expect(describeRule(parts.map((one) => one.join('=')).join(';'))).toMatch(/./);
      }),
    );
  });
});
