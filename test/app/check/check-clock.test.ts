// When the check of the clock succeeds.
import { describe, expect, it } from 'vitest';
import { checkClock } from '../../../src/app/check/check-clock.ts';

const now = Date.UTC(2027, 2, 1);

describe('the clock', () => {
  it.each([
    ['the same time', { now, newestEntry: now - 1, server: now + 900 }, 'ok', /same time/],
    ['a minute apart', { now, newestEntry: null, server: now - 60_000 }, 'ok', /same time/],
    ['behind', { now, newestEntry: null, server: now + 90_000 }, 'failed', /90 s behind the CalDAV server/],
    ['ahead', { now, newestEntry: null, server: now - 90_000 }, 'failed', /90 s ahead of the CalDAV server/],
    [
      'set back',
      { now, newestEntry: now + 86_400_000, server: now },
      'failed',
      /86400 s before the newest ledger entry/,
    ],
    ['never set', { now: 0, newestEntry: null, server: null }, 'failed', /1970-01-01.* years ago/],
    ['nothing to compare with', { now, newestEntry: null, server: null }, 'warning', /no other clock/],
  ] as const)('%s', (_case, times, status, finding) => {
    const result = checkClock(times);
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
    expect(result.todo.length > 0).toBe(status === 'failed');
  });
});
