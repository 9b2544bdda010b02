// Whose fault a 401 is: the credentials for all, or this one user's.
import { describe, expect, it } from 'vitest';
import type { Breaker } from '../../../src/adapters/caldav/breaker.ts';
import { CalDavError, refusal } from '../../../src/adapters/caldav/caldav-error.ts';
import { judgeRefusals } from '../../../src/adapters/caldav/unauthorized-policy.ts';

const here = 'https://calendar.example.com';
const elsewhere = 'https://elsewhere.example.com';
const through: Breaker = (_origin, work) => work();
const refuse = (status: number) => async () => {
  throw refusal('REPORT', status, undefined, 0);
};

describe('a 401', () => {
  const cases = [
    { why: 'while nobody was served', served: null, status: 401, temporary: true },
    { why: 'while others are served', served: here, status: 401, temporary: false },
    { why: 'while others are served elsewhere', served: elsewhere, status: 401, temporary: true },
    { why: 'long after the last was served', served: here, later: 3_600_000, status: 401, temporary: true },
    { why: 'is not a 503', served: here, status: 503, temporary: true },
  ];
  it.each(cases)('$why', async ({ served, later = 0, status, temporary }) => {
    let now = 1_000;
    const breaker = judgeRefusals(through, () => now);
    if (served !== null) expect(await breaker(served, async () => 'served')).toBe('served');
    now += later;
    const error: unknown = await breaker(here, refuse(status)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CalDavError);
    expect(error).toMatchObject({ temporary, status, retryAfterMs: null });
  });
});
