// When the check of the rules of time zones succeeds.
import { describe, expect, it } from 'vitest';
import { checkTimeZones } from '../../../src/app/check/check-time-zones.ts';
import { vtimezoneLines } from '../../../src/core/ical/write-vtimezone.ts';

const now = Date.UTC(2026, 10, 29);

/** The VTIMEZONE of another zone, with this name and a date. */
const rulesOf = (other: string): string =>
  vtimezoneLines(other, 2026)
    .map((line) => line.raw)
    .join('')
    .replace(/^LAST-MODIFIED.*\r\n/m, '')
    .replace(/^TZID.*/m, 'TZID:x\r\nLAST-MODIFIED:20260715T000000Z');

const zones = (...pairs: readonly (readonly [zone: string, other: string])[]): ReadonlyMap<string, string> =>
  new Map(pairs.map(([zone, other]) => [zone, rulesOf(other)]));

describe('the time zones', () => {
  it('succeeds if both sources have the same rules', () => {
    const result = checkTimeZones(
      now,
      '2026c',
      zones(['Europe/Paris', 'Europe/Berlin'], ['Asia/Kolkata', 'Asia/Colombo']),
    );
    expect(result).toMatchObject({ name: 'time zones', status: 'ok', todo: [] });
    expect(result.finding).toBe(
      'Node has tzdata 2026c; the rules to compare with are of 2026-07-15, and are the same for the coming year',
    );
  });

  it('names the zones with other rules, and both versions', () => {
    const names = ['Africa/Lagos', 'Africa/Algiers', 'Africa/Tunis', 'Africa/Luanda', 'Africa/Douala', 'Africa/Malabo'];
    const different = zones(
      ['Europe/Paris', 'Europe/Berlin'],
      ...names.map((zone) => [zone, 'Europe/Berlin'] as const),
    );
    const result = checkTimeZones(now, '2025c', different);
    expect(result.status).toBe('warning');
    expect(result.finding).toBe(
      'Node has tzdata 2025c; the rules to compare with are of 2026-07-15; they differ in the coming year for Africa/Lagos, Africa/Algiers, Africa/Tunis, Africa/Luanda, Africa/Douala and 1 more',
    );
    expect(result.todo).toEqual([expect.stringContaining('update Node')]);
    expect(checkTimeZones(now, '2027a', different).todo).toEqual([expect.stringContaining('nothing')]);
  });

  it('compares all zones of the library', () => {
    expect(checkTimeZones(now).finding).toMatch(
      /^Node has tzdata \d{4}[a-z]; the rules to compare with are of \d{4}-\d\d-\d\d/,
    );
  });
});
