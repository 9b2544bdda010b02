// Whether a 401 is temporary: the shared credentials may be wrong, or only this user may be refused.
import { describe, expect, it } from 'vitest';
import type { Breaker } from '../../../src/adapters/caldav/breaker.ts';
import { CalDavError, errorForStatus } from '../../../src/adapters/caldav/caldav-error.ts';
import { withUnauthorizedPolicy } from '../../../src/adapters/caldav/unauthorized-policy.ts';

const here = 'https://calendar.example.com';
const elsewhere = 'https://elsewhere.example.com';
const closedBreaker: Breaker = (_origin, work) => work();
const refuse = (status: number) => async () => {
  throw errorForStatus('REPORT', status, undefined, 0);
};

describe('a 401', () => {
  const cases = [
    { title: 'is temporary if the server has served no user', served: null, status: 401, temporary: true },
    { title: 'is permanent while the server serves other users', served: here, status: 401, temporary: false },
    { title: 'is temporary while only another server serves users', served: elsewhere, status: 401, temporary: true },
    {
      title: 'is temporary an hour after the last success',
      served: here,
      later: 3_600_000,
      status: 401,
      temporary: true,
    },
    { title: 'differs from a 503, which stays temporary', served: here, status: 503, temporary: true },
  ];
  it.each(cases)('$title', async ({ served, later = 0, status, temporary }) => {
    let now = 1_000;
    const breaker = withUnauthorizedPolicy(closedBreaker, () => now);
    if (served !== null) expect(await breaker(served, async () => 'served')).toBe('served');
    now += later;
    const error: unknown = await breaker(here, refuse(status)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CalDavError);
    expect(error).toMatchObject({ temporary, status, retryAfterMs: null });
  });
});
