import { describe, expect, it } from 'vitest';
import { readZoneRules } from '../../../src/core/ical/vtimezone.ts';

const HOUR = 3_600_000;

function zone(...observances: readonly string[][]): string {
  const text = observances.map((lines) => ['BEGIN:STANDARD', ...lines, 'END:STANDARD', ''].join('\r\n'));
  return `BEGIN:VTIMEZONE\r\nTZID:Office\r\n${text.join('')}END:VTIMEZONE\r\n`;
}

const offset = (text: string, iso: string) => readZoneRules(text)?.offsetAt(Date.parse(iso));

describe('readZoneRules', () => {
  it.each<[string, string[], string, number]>([
    [
      'uses TZOFFSETFROM before the onset',
      ['DTSTART:20200601T000000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0300'],
      '2020-05-31T22:59:59Z',
      HOUR,
    ],
    [
      'uses TZOFFSETTO from the onset on',
      ['DTSTART:20200601T000000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0300'],
      '2020-05-31T23:00:00Z',
      3 * HOUR,
    ],
    [
      'reads offsets with seconds',
      ['DTSTART:18000101T000000', 'TZOFFSETFROM:+000130', 'TZOFFSETTO:-001730'],
      '2026-01-01T00:00:00Z',
      -(17 * 60 + 30) * 1000,
    ],
  ])('%s', (_, lines, iso, expected) => {
    expect(offset(zone(lines), iso)).toBe(expected);
  });

  it.each([
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU', '2026-03-29'],
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=2SU', '2026-03-08'],
    ['FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU', '2026-03-08'],
    ['FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1', '2026-03-31'],
    ['FREQ=YEARLY', '2026-03-05'],
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;INTERVAL=1;WKST=MO', '2026-03-29'],
  ])('finds the onset of %s', (rrule, day) => {
    const summer = ['DTSTART:20000305T000000', `RRULE:${rrule}`, 'TZOFFSETFROM:+0000', 'TZOFFSETTO:+0100'];
    const winter = [
      'DTSTART:20001029T000000',
      'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0000',
    ];
    const onset = Date.parse(`${day}T00:00:00Z`);
    const rules = readZoneRules(zone(summer, winter));
    expect(rules?.offsetAt(onset - 1)).toBe(0);
    expect(rules?.offsetAt(onset)).toBe(HOUR);
  });

  it('uses only DTSTART of any other rule', () => {
    const lines = ['DTSTART:20200101T000000', 'RRULE:FREQ=SECONDLY', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'];
    expect(offset(zone(lines), '2026-01-01T00:00:00Z')).toBe(2 * HOUR);
  });

  it('returns no offsets for a zone without a valid rule, and null for a zone without TZID', () => {
    expect(offset(zone(), '2026-01-01T00:00:00Z')).toBeNull();
    expect(
      offset(zone(['DTSTART:never', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200']), '2026-01-01T00:00:00Z'),
    ).toBeNull();
    expect(readZoneRules('BEGIN:VTIMEZONE\r\nEND:VTIMEZONE')).toBeNull();
  });
});
