import { describe, expect, it } from 'vitest';
import { zoneOfDisplayName } from '../../../src/core/ical/outlook-zones.ts';
import { ianaZone, resolveLocal } from '../../../src/core/ical/time-zones.ts';

describe('zoneOfDisplayName', () => {
  it.each([
    ['Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna', 'Europe/Berlin'],
    ['amsterdam, berlin, bern, rome, stockholm, vienna', 'Europe/Berlin'],
    ['Eastern Time (US & Canada)', 'America/New_York'],
    ["Nuku'alofa", 'Pacific/Tongatapu'],
    ['Berlin', null],
  ])('returns for %s: %s', (name, zone) => {
    expect(zoneOfDisplayName(name)).toBe(zone);
  });

  it('returns known zones with the offset of the display name', () => {
    // These zones have no DST, so the offset of the display name applies all year.
    for (const [name, offset] of [
      ['(UTC+05:45) Kathmandu', 345],
      ['(UTC+09:00) Osaka, Sapporo, Tokyo', 540],
      ['(UTC-07:00) Arizona', -420],
      ['(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi', 330],
      ['(UTC+14:00) Kiritimati Island', 840],
    ] as const) {
      expect(ianaZone(name)).not.toBeNull();
      expect(resolveLocal('20260115T120000', name, [])).toBe(Date.UTC(2026, 0, 15, 12) - offset * 60_000);
    }
  });
});
