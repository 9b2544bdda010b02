import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { isOver, lastStart, nextOccurrence, upcoming } from '../../../src/core/ical/next-occurrence.ts';
import { occurrenceSpan } from '../../../src/core/ical/occurrence-span.ts';
import { readSeries } from '../../../src/core/ical/series.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';

const HOUR = 3_600_000;

function calendar(...components: readonly (readonly string[])[]): string {
  const events = components.flatMap((lines) => ['BEGIN:VEVENT', 'UID:u', ...lines, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', ...events, 'END:VCALENDAR', ''].join('\r\n');
}

const paris = ['DTSTART;TZID=Europe/Paris:20261001T100000', 'DTEND;TZID=Europe/Paris:20261001T113000'];

describe('nextOccurrence', () => {
  it.each([
    ['a rule', [[...paris, 'RRULE:FREQ=DAILY;INTERVAL=2;COUNT=30']]],
    ['dates', [[...paris, 'RDATE;TZID=Europe/Paris:20261105T080000,20261020T100000']]],
    ['exclusions', [[...paris, 'RRULE:FREQ=DAILY;COUNT=30', 'EXDATE;VALUE=DATE:20261007,20261025']]],
    [
      'overrides',
      [
        [...paris, 'RRULE:FREQ=DAILY;COUNT=20'],
        ['RECURRENCE-ID:20261004T080000Z', 'DTSTART:20261104T080000Z', 'DTEND:20261104T090000Z'],
        ['RECURRENCE-ID:20261006T080000Z', 'DTSTART:20261006T080000Z', 'STATUS:CANCELLED'],
        ['RECURRENCE-ID:20261012T080000Z', 'DTSTART:20261009T200000Z', 'DTEND:20261010T200000Z'],
      ],
    ],
    [
      'whole days',
      [['DTSTART;VALUE=DATE:20261001', 'DTEND;VALUE=DATE:20261005', 'RRULE:FREQ=DAILY;INTERVAL=6;COUNT=9']],
    ],
    ['local times', [['DTSTART:20261001T100000', 'DURATION:PT2H', 'RRULE:FREQ=DAILY;COUNT=30']]],
    ['one event', [paris]],
  ])('is the first of all occurrences that is not over: %s', (_what, components) => {
    const document = parseEvent(calendar(...components));
    const { master, overrides } = document;
    const own = new Set(overrides.map(({ recurrenceId }) => recurrenceId));
    const isSeries = components[0]?.some((line) => /^R(?:RULE|DATE)/.test(line)) === true;
    const starts = isSeries ? [...(readSeries(calendar(...components), 'u')?.startsFrom(null) ?? [])] : [];
    const all = [
      ...starts
        .filter((id) => !own.has(id))
        .map((id) => ({ id, ...(master === null ? paris0 : occurrenceSpan(master, id)) })),
      ...overrides
        .filter(({ cancelled }) => !cancelled)
        .map((each) => ({ id: each.recurrenceId, start: each.start, end: each.end })),
    ].sort((a, b) => (a.start?.local ?? '').localeCompare(b.start?.local ?? ''));
    for (let hour = 0; hour < 45 * 24; hour += 1) {
      const asOf = { now: Date.UTC(2026, 8, 25) + hour * HOUR, timezone: 'Europe/Paris' };
      const expected = all.find((each) => !isOver(each, asOf))?.id ?? null;
      // A copy, because the result is cached for the document.
      expect([hour, nextOccurrence({ ...document }, asOf)]).toEqual([hour, expected]);
      expect([hour, nextOccurrence(document, asOf)]).toEqual([hour, expected]);
    }
  });

  it('does not use a cached result for an earlier time or another zone', () => {
    const document = parseEvent(calendar(['DTSTART;VALUE=DATE:20261001', 'RRULE:FREQ=DAILY']));
    const at = (now: number, timezone: string) => nextOccurrence(document, { now, timezone });
    expect(at(Date.UTC(2026, 9, 10, 23), 'UTC')).toBe('20261010');
    expect(at(Date.UTC(2026, 9, 10, 23), 'Asia/Tokyo')).toBe('20261011');
    expect(at(Date.UTC(2026, 9, 5), 'Asia/Tokyo')).toBe('20261005');
  });
});

const paris0 = { start: null, end: null };

describe('lastStart', () => {
  it.each([
    ['RRULE:FREQ=DAILY;COUNT=3', '20261003T100000'],
    ['RRULE:FREQ=DAILY', null],
    ['RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', null],
  ])('%s: %s', (rule, expected) => {
    const { master } = parseEvent(calendar([...paris, rule]));
    expect(master && (lastStart(master)?.local ?? null)).toBe(expected);
  });
});

describe('upcoming', () => {
  it('keeps times that are not past, and today', () => {
    const times = ['20261003', '20261004', '20261004T060000Z', '20261004T080000Z'].flatMap(
      (text) => readTime(text, {}, []) ?? [],
    );
    const asOf = { now: Date.UTC(2026, 9, 4, 7), timezone: 'UTC' };
    expect(upcoming(times, asOf).map(({ local }) => local)).toEqual(['20261004', '20261004T080000']);
  });
});
