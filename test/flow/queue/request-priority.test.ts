import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { requestPriority } from '../../../src/flow/queue/request-priority.ts';

describe('doors first', () => {
  it('does not keep a lone piece of work waiting', async () => {
    const begun = performance.now();
    expect(await requestPriority({ quietMs: 5_000 }).defer(async (text: string) => text)('done')).toBe('done');
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('begins work when the last of those at the door has been served for a while', async () => {
    const doors = requestPriority({ quietMs: 400 });
    const done: string[] = [];
    const knock = doors.serve(async (name: string) => {
      await sleep(5);
      done.push(name);
    });
    await knock('a');
    const work = doors.defer(async () => done.push('work'))();
    for (const name of ['b', 'c', 'd']) {
      await sleep(10);
      await knock(name);
    }
    await work;
    expect(done).toEqual(['a', 'b', 'c', 'd', 'work']);
  });

  it('waits for somebody who is still being served, but not for ever', async () => {
    const doors = requestPriority({ quietMs: 20, patienceMs: 150 });
    const begun = performance.now();
    const slow = doors.serve(() => sleep(3_000))();
    await doors.defer(async () => undefined)();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(145);
    expect(performance.now() - begun).toBeLessThan(2_900);
    await slow;
  });

  it('takes a failed call for served', async () => {
    const doors = requestPriority({ quietMs: 20 });
    await expect(doors.serve(() => Promise.reject(new TypeError('no')))()).rejects.toThrow('no');
    const begun = performance.now();
    await doors.defer(async () => undefined)();
    expect(performance.now() - begun).toBeLessThan(4_000);
  });
});
