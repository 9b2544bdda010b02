import { describe, expect, it } from 'vitest';
import {
  daysInMonth,
  formatDate,
  formatInstant,
  formatLocal,
  localMillis,
  parseLocal,
} from '../../../src/core/ical/local-time.ts';

describe('parseLocal', () => {
  it.each([
    ['19700101', 0],
    ['19700102T000001', 86_401_000],
    ['20260228T235960', Date.UTC(2026, 1, 28, 23, 59, 59)],
    ['00010101', -62_135_596_800_000],
    ['20240229', Date.UTC(2024, 1, 29)],
  ])('%s', (text, expected) => {
    expect(parseLocal(text)).toBe(expected);
  });

  it.each([
    '',
    '2026',
    '20260229',
    '20261301',
    '20260100',
    '20260101T24',
    '20260101T240000',
    '20260101T006000',
    '20260101T000000Z',
    ' 20260101',
    '20260101T000061',
  ])('refuses %j', (text) => {
    expect(parseLocal(text)).toBeNull();
  });

  it('is the inverse of formatLocal', () => {
    for (const text of ['00990101T010203', '20260302T100000', '99991231T235959']) {
      expect(formatLocal(parseLocal(text) ?? Number.NaN)).toBe(text);
    }
    expect(formatDate(Date.UTC(2026, 2, 2, 9))).toBe('20260302');
    expect(formatInstant(Date.UTC(2026, 2, 2, 9))).toBe('20260302T090000Z');
  });
});

describe('localMillis', () => {
  it('continues days and months beyond their end', () => {
    expect(localMillis(2026, 13, 1)).toBe(Date.UTC(2027, 0, 1));
    expect(localMillis(2026, 3, 0)).toBe(Date.UTC(2026, 1, 28));
    expect([daysInMonth(2024, 2), daysInMonth(1900, 2), daysInMonth(2026, 12)]).toEqual([29, 28, 31]);
  });
});
