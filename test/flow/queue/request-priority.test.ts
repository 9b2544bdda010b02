// Deferred work waits for served calls, but only for a bounded time.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { requestPriority } from '../../../src/flow/queue/request-priority.ts';

describe('deferred work', () => {
  it('starts at once if no call has been served', async () => {
    const begun = performance.now();
    expect(await requestPriority({ quietMs: 5_000 }).defer(async (text: string) => text)('done')).toBe('done');
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('starts when no call has been served for a while', async () => {
    const priority = requestPriority({ quietMs: 400 });
    const done: string[] = [];
    const call = priority.serve(async (name: string) => {
      await sleep(5);
      done.push(name);
    });
    await call('a');
    const work = priority.defer(async () => done.push('work'))();
    for (const name of ['b', 'c', 'd']) {
      await sleep(10);
      await call(name);
    }
    await work;
    expect(done).toEqual(['a', 'b', 'c', 'd', 'work']);
  });

  it('waits for a running call at most maxWaitMs', async () => {
    const priority = requestPriority({ quietMs: 20, maxWaitMs: 150 });
    const begun = performance.now();
    const slow = priority.serve(() => sleep(3_000))();
    await priority.defer(async () => undefined)();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(145);
    expect(performance.now() - begun).toBeLessThan(2_900);
    await slow;
  });

  it('does not wait for a call that has failed', async () => {
    const priority = requestPriority({ quietMs: 20 });
    await expect(priority.serve(() => Promise.reject(new TypeError('no')))()).rejects.toThrow('no');
    const begun = performance.now();
    await priority.defer(async () => undefined)();
    expect(performance.now() - begun).toBeLessThan(4_000);
  });
});
