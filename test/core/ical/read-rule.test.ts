import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rule, readRule, ruleKey } from '../../../src/core/ical/read-rule.ts';

const DAILY: Rule = {
  frequency: 'DAILY',
  interval: 1,
  count: null,
  until: null,
  weekStart: 1,
  months: null,
  weekNumbers: null,
  yearDays: null,
  monthDays: null,
  weekdays: null,
  hours: null,
  minutes: null,
  seconds: null,
  positions: null,
  unknown: [],
};

const part = fc.tuple(
  fc.constantFrom('FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYDAY', 'BYMONTHDAY', 'BYSETPOS', 'X-A'),
  fc.constantFrom('DAILY', 'YEARLY', '1', '2,-1', 'MO', '1MO,MO,-1SU', '20270101T000000Z', 'MO=TU', '5'),
);

describe('readRule', () => {
  it.each<[string, Partial<Rule>]>([
    ['FREQ=DAILY', {}],
    ['freq=daily', {}],
    [' FREQ = DAILY ; COUNT = 3 ', { count: 3 }],
    ['FREQ=DAILY;', {}],
    [';;FREQ=DAILY;;', {}],
    ['COUNT=3;FREQ=DAILY', { count: 3 }],
    ['FREQ=DAILY;INTERVAL=2;UNTIL=20270630T080000z', { interval: 2, until: '20270630T080000Z' }],
    ['FREQ=DAILY;INTERVAL=2.5', { interval: 2 }],
    ['FREQ=DAILY;WKST=SU', { weekStart: 0 }],
    ['FREQ=DAILY;COUNT=2;COUNT=5', { count: 5 }],
    ['FREQ=DAILY;COUNT=;BYMONTH', {}],
    ['FREQ=DAILY;BYMONTH=1,12,13', { months: new Set([1, 12, 13]) }],
    ['FREQ=DAILY;BYMONTHDAY=1,-1,,+3', { monthDays: new Set([1, -1, 3]) }],
    ['FREQ=DAILY;BYWEEKNO=20;BYYEARDAY=-1', { weekNumbers: new Set([20]), yearDays: new Set([-1]) }],
    [
      'FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30;BYSECOND=0',
      { hours: new Set([9]), minutes: new Set([0, 30]), seconds: new Set([0]) },
    ],
    ['FREQ=DAILY;BYSETPOS=-1', { positions: new Set([-1]) }],
    ['FREQ=DAILY;RSCALE=GREGORIAN;X-A=1', { unknown: ['RSCALE', 'X-A'] }],
    [
      'FREQ=DAILY;BYDAY=MO,1TU,-1SU,+2WE',
      {
        weekdays: [
          { ordinal: 0, weekday: 1 },
          { ordinal: 1, weekday: 2 },
          { ordinal: -1, weekday: 0 },
          { ordinal: 2, weekday: 3 },
        ],
      },
    ],
    [
      'FREQ=DAILY;BYDAY=MO,XX,MO,1,YY',
      {
        weekdays: [
          { ordinal: 0, weekday: 1 },
          { ordinal: 0, weekday: -1 },
        ],
      },
    ],
    ['FREQ=DAILY;BYDAY=MOX', { weekdays: [{ ordinal: 0, weekday: -1 }] }],
    ['FREQ=DAILY;BYDAY=X1MO', { weekdays: [{ ordinal: 0, weekday: -1 }] }],
    ['FREQ=DAILY;BYDAY=111MO', { weekdays: [{ ordinal: 0, weekday: -1 }] }],
    ['FREQ=DAILY;=COUNT=3', {}],
    ...(['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const).map(
      (frequency): [string, Partial<Rule>] => [`FREQ=${frequency}`, { frequency }],
    ),
    ...['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'].map((day, weekday): [string, Partial<Rule>] => [
      `FREQ=DAILY;WKST=${day};BYDAY=${day}`,
      { weekStart: weekday, weekdays: [{ ordinal: 0, weekday }] },
    ]),
    ['FREQ=DAILY;WKST=XX', { weekStart: 0 }],
  ])('reads %j', (text, expected) => {
    expect(readRule(text)).toEqual({ ...DAILY, ...expected });
  });

  it.each([
    '',
    'DAILY',
    'FREQ=FORTNIGHTLY',
    'INTERVAL=2',
    'FREQ=DAILY;INTERVAL=0',
    'FREQ=DAILY;INTERVAL=-1',
    'FREQ=DAILY;INTERVAL=two',
    'FREQ=DAILY;INTERVAL=9007199254740993',
    'FREQ=DAILY;COUNT=0',
    'FREQ=DAILY;COUNT=1e300',
  ])('refuses %j', (text) => {
    expect(readRule(text)).toBeNull();
  });

  it('limits the number of weekdays', () => {
    const days = Array.from({ length: 50_000 }, (_, at) => `${at}MO`).join(',');
    expect(readRule(`FREQ=MONTHLY;BYDAY=${days}`)?.weekdays?.length).toBeLessThan(200);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readRule(`FREQ=DAILY;${text}`)?.interval ?? 1).toBeGreaterThan(0);
      }),
    );
  });
});

describe('ruleKey', () => {
  it.each([
    ['BYDAY=WE,MO;FREQ=weekly;WKST=MO;INTERVAL=1', 'BYDAY=MO,WE;FREQ=WEEKLY'],
    ['FREQ=WEEKLY; WKST=SU; INTERVAL=2', 'FREQ=WEEKLY;INTERVAL=2;WKST=SU'],
    ['FREQ=WEEKLY;BYMONTH=10,9;X-A=2,1', 'BYMONTH=10,9;FREQ=WEEKLY;X-A=2,1'],
    ['', ''],
  ])('returns for %j the key %j', (text, key) => {
    expect(ruleKey(text)).toBe(key);
  });

  it('is equal for parts in any order, and is itself an equivalent rule', () => {
    fc.assert(
      fc.property(fc.uniqueArray(part, { selector: ([name]) => name }), fc.nat(), (parts, turn) => {
        const text = parts.map((each) => each.join('=')).join(';');
        const turned = [...parts.slice(turn % 5), ...parts.slice(0, turn % 5)].map((each) => each.join('=')).join(';');
        const key = ruleKey(text);
        expect(ruleKey(turned)).toBe(key);
        expect(ruleKey(key)).toBe(key);
        const [rule, again] = [readRule(text), readRule(key)];
        expect(again && { ...again, weekdays: again.weekdays?.length }).toEqual(
          rule && { ...rule, weekdays: rule.weekdays?.length },
        );
      }),
    );
  });
});
