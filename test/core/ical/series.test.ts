import { describe, expect, it } from 'vitest';
import { readSeries } from '../../../src/core/ical/series.ts';

function calendar(lines: readonly string[], vtimezone = ''): string {
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${vtimezone}BEGIN:VEVENT\r\nUID:u@example.com\r\n${lines.join('\r\n')}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
}

function starts(lines: readonly string[], from: string | null = null, limit = 6, vtimezone = ''): string[] {
  const found: string[] = [];
  for (const start of readSeries(calendar(lines, vtimezone), 'u@example.com')?.startsFrom(from) ?? []) {
    found.push(start);
    if (found.length >= limit) break;
  }
  return found;
}

const ODD_ZONE = [
  'BEGIN:VTIMEZONE',
  'TZID:Office',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
  '',
].join('\r\n');

describe('startsFrom', () => {
  it.each<[string, string[], string[]]>([
    ['a single event', ['DTSTART:20260101T090000Z'], ['20260101T090000Z']],
    ['no start', ['SUMMARY:x'], []],
    [
      'a zone, across a DST change',
      ['DTSTART;TZID=Europe/Berlin:20260327T090000', 'RRULE:FREQ=DAILY;COUNT=4'],
      ['20260327T080000Z', '20260328T080000Z', '20260329T070000Z', '20260330T070000Z'],
    ],
    [
      'a time in the DST gap',
      ['DTSTART;TZID=Europe/Berlin:20260328T023000', 'RRULE:FREQ=DAILY;UNTIL=20260330T003000Z'],
      ['20260328T013000Z', '20260329T013000Z', '20260330T003000Z'],
    ],
    [
      'a Windows zone',
      ['DTSTART;TZID=Eastern Standard Time:20261031T090000', 'RRULE:FREQ=DAILY;COUNT=2'],
      ['20261031T130000Z', '20261101T140000Z'],
    ],
    [
      'all-day',
      ['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=WEEKLY;UNTIL=20260115T235959Z'],
      ['20260101', '20260108', '20260115'],
    ],
    ['floating', ['DTSTART:20260101T090000', 'RRULE:FREQ=DAILY;COUNT=2'], ['20260101T090000', '20260102T090000']],
    [
      'an unknown zone',
      ['DTSTART;TZID=Nowhere:20260101T090000', 'RRULE:FREQ=DAILY;COUNT=2'],
      ['20260101T090000', '20260102T090000'],
    ],
    [
      'a start that does not match the rule but counts',
      ['DTSTART:20260101T090000Z', 'RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3'],
      ['20260101T090000Z', '20260105T090000Z', '20260112T090000Z'],
    ],
    [
      'UNTIL as a date, inclusive',
      ['DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;UNTIL=20260102'],
      ['20260101T090000Z', '20260102T090000Z'],
    ],
    [
      'UNTIL in local time',
      ['DTSTART;TZID=Europe/Berlin:20260101T090000', 'RRULE:FREQ=DAILY;UNTIL=20260102T090000'],
      ['20260101T080000Z', '20260102T080000Z'],
    ],
    [
      'UNTIL at the instant of the last occurrence',
      ['DTSTART;TZID=America/New_York:20260101T090000', 'RRULE:FREQ=DAILY;UNTIL=20260102T140000Z'],
      ['20260101T140000Z', '20260102T140000Z'],
    ],
    [
      'EXDATE in every notation',
      [
        'DTSTART;TZID=Europe/Berlin:20260101T090000',
        'RRULE:FREQ=DAILY;COUNT=6',
        'EXDATE;TZID=Europe/Berlin:20260102T090000',
        'EXDATE:20260103T080000Z',
        'EXDATE;VALUE=DATE:20260104',
        'EXDATE;TZID=Eastern Standard Time:20260105T030000',
      ],
      ['20260101T080000Z', '20260106T080000Z'],
    ],
    [
      'EXDATE of the first occurrence',
      ['DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;COUNT=2', 'EXDATE:20260101T090000Z'],
      ['20260102T090000Z'],
    ],
    ['EXDATE of all occurrences', ['DTSTART:20260101T090000Z', 'EXDATE:20260101T090000Z'], []],
    [
      'RDATE with several unordered values, a period, and one that the rule also has',
      [
        'DTSTART:20260101T090000Z',
        'RRULE:FREQ=DAILY;COUNT=2',
        'RDATE:20260109T090000Z,20260105T090000Z',
        'RDATE;VALUE=PERIOD:20260103T110000Z/PT2H,20260104T110000Z/20260104T120000Z',
        'RDATE:20260102T090000Z',
      ],
      [
        '20260101T090000Z',
        '20260102T090000Z',
        '20260103T110000Z',
        '20260104T110000Z',
        '20260105T090000Z',
        '20260109T090000Z',
      ],
    ],
    [
      'RDATE as a date in a series of times',
      ['DTSTART:20260101T090000Z', 'RDATE;VALUE=DATE:20260105'],
      ['20260101T090000Z', '20260105T090000Z'],
    ],
    [
      'two rules',
      ['DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;COUNT=2', 'RRULE:FREQ=WEEKLY;COUNT=2'],
      ['20260101T090000Z', '20260102T090000Z', '20260108T090000Z'],
    ],
    ['an invalid rule', ['DTSTART:20260101T090000Z', 'RRULE:FREQ=SOMETIMES'], ['20260101T090000Z']],
    [
      'an RDATE before the start',
      ['DTSTART:20260101T090000Z', 'RDATE:20251224T090000Z'],
      ['20251224T090000Z', '20260101T090000Z'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(starts(lines)).toEqual(expected);
  });

  it('uses a zone that only the calendar defines', () => {
    const lines = ['DTSTART;TZID=Office:20260328T090000', 'RRULE:FREQ=DAILY;COUNT=2'];
    expect(starts(lines, null, 9, ODD_ZONE)).toEqual(['20260328T080000Z', '20260329T070000Z']);
  });

  it.each<[string, string[], string, string[]]>([
    [
      'an instant',
      ['DTSTART;TZID=Europe/Berlin:20100101T090000', 'RRULE:FREQ=DAILY'],
      '20260715T070000Z',
      ['20260715T070000Z', '20260716T070000Z'],
    ],
    [
      'an instant between two occurrences',
      ['DTSTART;TZID=Europe/Berlin:20100101T090000', 'RRULE:FREQ=DAILY'],
      '20260715T070001Z',
      ['20260716T070000Z', '20260717T070000Z'],
    ],
    [
      'a local time',
      ['DTSTART;TZID=Europe/Berlin:20100101T090000', 'RRULE:FREQ=DAILY'],
      '20260715T090000',
      ['20260715T070000Z', '20260716T070000Z'],
    ],
    [
      'a date',
      ['DTSTART;TZID=Europe/Berlin:20100101T090000', 'RRULE:FREQ=DAILY'],
      '20260715',
      ['20260715T070000Z', '20260716T070000Z'],
    ],
    [
      'a date in a series of dates',
      ['DTSTART;VALUE=DATE:20100101', 'RRULE:FREQ=MONTHLY'],
      '20260701',
      ['20260701', '20260801'],
    ],
    [
      'an instant in a series of dates',
      ['DTSTART;VALUE=DATE:20100101', 'RRULE:FREQ=MONTHLY'],
      '20260701T120000Z',
      ['20260701', '20260801'],
    ],
    [
      'an occurrence of a rule with COUNT',
      ['DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;COUNT=5'],
      '20260104T090000Z',
      ['20260104T090000Z', '20260105T090000Z'],
    ],
    ['an instant after the end', ['DTSTART:20260101T090000Z', 'RRULE:FREQ=DAILY;COUNT=5'], '20260201T090000Z', []],
  ])('from %s', (_, lines, from, expected) => {
    expect(starts(lines, from, 2)).toEqual(expected);
  });

  it('expands a VTODO with DUE and without DTSTART', () => {
    const text =
      'BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nDUE:20260101T090000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEND:VTODO\r\nEND:VCALENDAR\r\n';
    expect([...(readSeries(text, 't')?.startsFrom(null) ?? [])]).toEqual(['20260101T090000Z', '20260102T090000Z']);
  });

  it('returns null for another UID, or without a master', () => {
    expect(readSeries(calendar(['DTSTART:20260101T090000Z']), 'other')).toBeNull();
    expect(
      readSeries(calendar(['DTSTART:20260101T090000Z', 'RECURRENCE-ID:20260101T090000Z']), 'u@example.com'),
    ).toBeNull();
  });
});
