// The time of an answer, from DTSTAMP, Date and arrival.
import { describe, expect, it } from 'vitest';
import { sentAt } from '../../../src/flow/records/claim-to-record.ts';

const noon = Date.UTC(2027, 2, 1, 12);

describe('sentAt', () => {
  it.each([
    ['the later of DTSTAMP and Date', noon - 90_000, noon - 60_000, noon, noon - 60_000],
    ['the only one that is stated', null, noon - 60_000, noon, noon - 60_000],
    ['the arrival if neither is stated', null, null, noon + 999, noon],
    ['not later than the arrival in whole seconds', noon + 86_400_000, null, noon + 999, noon],
  ])('is %s', (_, stampedAt, date, receivedAt, expected) => {
    expect(sentAt(stampedAt, date, receivedAt)).toBe(expected);
  });
});
