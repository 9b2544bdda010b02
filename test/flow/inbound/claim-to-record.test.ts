// When an answer was sent, by DTSTAMP, Date and arrival.
import { expect, it } from 'vitest';
import { sentAt } from '../../../src/flow/inbound/claim-to-record.ts';

const noon = Date.UTC(2027, 2, 1, 12);

it.each([
  ['the later of the two', noon - 90_000, noon - 60_000, noon, noon - 60_000],
  ['the one there is', null, noon - 60_000, noon, noon - 60_000],
  ['its arrival where it says nothing', null, null, noon + 999, noon],
  [
    'never later than its arrival, and in whole seconds as the next one will be',
    noon + 86_400_000,
    null,
    noon + 999,
    noon,
  ],
])('it is %s', (_, stampedAt, date, receivedAt, expected) => {
  expect(sentAt(stampedAt, date, receivedAt)).toBe(expected);
});
