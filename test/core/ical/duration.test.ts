import { describe, expect, it } from 'vitest';
import { endAfter, formatDuration } from '../../../src/core/ical/duration.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';

const BERLIN = { tzid: 'Europe/Berlin' };

describe('formatDuration', () => {
  it.each([
    [3_600_000, 'PT1H'],
    [5_400_000, 'PT1H30M'],
    [90_061_000, 'PT25H1M1S'],
    [30_000, 'PT30S'],
    [0, 'PT0S'],
  ])('%i: %s', (length, expected) => {
    expect(formatDuration(length)).toBe(expected);
  });
});

describe('endAfter', () => {
  it.each([
    ['hours', '20260302T090000Z', {}, 'P1DT2H3M4S', '20260303T110304'],
    ['weeks', '20260302T090000Z', {}, 'P2W', '20260316T090000'],
    ['a sign, any case', '20260302T090000Z', {}, ' +pt15m ', '20260302T091500'],
    ['nothing', '20260302T090000Z', {}, 'P', '20260302T090000'],
    ['nominal days across a DST change', '20260328T120000', BERLIN, 'P1D', '20260329T120000'],
    ['exact hours across a DST change', '20260328T120000', BERLIN, 'PT24H', '20260329T130000'],
    ['a floating time', '20260302T090000', {}, 'PT1H', '20260302T100000'],
    ['an unknown zone', '20260302T090000', { tzid: 'Nowhere' }, 'PT1H', '20260302T100000'],
    ['days', '20260302', {}, 'P3D', '20260305'],
    ['backwards', '20260302T090000Z', {}, '-PT1H', null],
    ['an invalid duration', '20260302T090000Z', {}, 'soon', null],
    ['a duration beyond the range of Date', '20260302T090000Z', {}, 'PT99999999999999H', null],
    ['an end beyond the year 9999', '99990302T090000Z', {}, 'P9999W', null],
  ] as const)('%s', (_, start, params, duration, expected) => {
    const time = readTime(start, params, []);
    if (time === null) throw new TypeError(start);
    const end = endAfter(time, duration, []);
    expect(end?.local ?? null).toBe(expected);
    if (end) expect([end.form, end.zone]).toEqual([time.form, time.zone]);
  });
});
