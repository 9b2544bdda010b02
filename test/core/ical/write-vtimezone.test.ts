import { describe, expect, it } from 'vitest';
import { readZoneRules } from '../../../src/core/ical/vtimezone.ts';
import { offsetAt, vtimezoneLines } from '../../../src/core/ical/write-vtimezone.ts';

const HOUR = 3_600_000;
const textOf = (tzid: string, year: number): string =>
  vtimezoneLines(tzid, year)
    .map((line) => line.raw)
    .join('');

describe('vtimezoneLines', () => {
  // The first of them have other rules in the library than in Node, or dates that no short form of a rule gives.
  it.each([
    ['America/Vancouver', 2026],
    ['America/Edmonton', 2026],
    ['Africa/Casablanca', 2025],
    ['Africa/El_Aaiun', 2026],
    ['Africa/Cairo', 2026],
    ['America/Nuuk', 2026],
    ['America/Santiago', 2026],
    ['Asia/Jerusalem', 2026],
    ['Europe/Chisinau', 2026],
    ['America/Vancouver', 2010],
    ['Europe/Moscow', 2009],
    ['Europe/Paris', 2026],
    ['America/New_York', 2026],
    ['Australia/Lord_Howe', 2026],
    ['Asia/Kathmandu', 2026],
    ['Asia/Tokyo', 2026],
    ['W. Europe Standard Time', 2026],
  ])('has the rules from which times are shown: %s from %i', (tzid, year) => {
    const rules = readZoneRules(textOf(tzid, year));
    const zone = tzid.startsWith('W.') ? 'Europe/Berlin' : tzid;
    expect(rules?.tzid).toBe(tzid);
    const wrong: string[] = [];
    for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 8, 0, 1); at += 31 * HOUR) {
      if (rules?.offsetAt(at) !== offsetAt(zone, at)) wrong.push(new Date(at).toISOString());
    }
    expect(wrong).toEqual([]);
  });

  it('is short where a rule is enough', () => {
    expect(textOf('Europe/Paris', 2026)).toContain('RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU');
  });

  it('returns nothing for an unknown zone', () => {
    expect(vtimezoneLines('Customized Time Zone', 2026)).toEqual([]);
  });
});
