// When the clock is believed.
import { describe, expect, it } from 'vitest';
import { checkClock } from '../../../src/app/check/check-clock.ts';

const now = Date.UTC(2027, 2, 1);

describe('the clock', () => {
  it.each([
    ['agrees', { now, newestRecord: now - 1, server: now + 900 }, 'ok', /agrees/],
    ['a minute apart', { now, newestRecord: null, server: now - 60_000 }, 'ok', /agrees/],
    ['behind', { now, newestRecord: null, server: now + 90_000 }, 'failed', /90 s behind the CalDAV server's/],
    ['ahead', { now, newestRecord: null, server: now - 90_000 }, 'failed', /90 s ahead of the CalDAV server's/],
    ['set back', { now, newestRecord: now + 86_400_000, server: now }, 'failed', /86400 s before the newest record/],
    ['never set', { now: 0, newestRecord: null, server: null }, 'failed', /1970-01-01.* long past/],
    ['nothing to compare with', { now, newestRecord: null, server: null }, 'attention', /no other clock/],
  ] as const)('%s', (_case, times, status, said) => {
    const link = checkClock(times);
    expect(link.status).toBe(status);
    expect(link.said).toMatch(said);
    expect(link.todo.length > 0).toBe(status === 'failed');
  });
});
