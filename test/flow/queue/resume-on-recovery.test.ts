import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resumeOnRecovery } from '../../../src/flow/queue/resume-on-recovery.ts';
import { openLog } from '../../../src/app/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(waiting: Record<string, number>) {
  const woken: string[] = [];
  let broken = 0;
  const spool = {
    async wake(waitsFor: string, limit: number) {
      if (broken > 0) {
        broken -= 1;
        throw new TypeError('the disk is away');
      }
      const count = Math.min(waiting[waitsFor] ?? 0, limit);
      waiting[waitsFor] = (waiting[waitsFor] ?? 0) - count;
      if (count > 0) woken.push(`${count} of ${waitsFor}`);
      return count;
    },
  };
  const waking = resumeOnRecovery({ spool, log: openLog('silent'), now: Date.now });
  const breakSpool = (times: number): void => void (broken = times);
  return { waking, woken, waiting, breakSpool };
}

describe('what waits for a server that is back', () => {
  it('is woken at once, some at a time, and nothing that waits for another', async () => {
    const { waking, woken, waiting } = setUp({ one: 450, two: 7 });
    waking.tell('one', true);
    await vi.advanceTimersByTimeAsync(0);
    expect(woken).toEqual(['200 of one']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(woken).toEqual(['200 of one', '200 of one', '50 of one']);
    expect(waiting).toEqual({ one: 0, two: 7 });
  });

  it('is looked for a little longer, and then no more', async () => {
    const { waking, woken, waiting } = setUp({ one: 0 });
    waking.tell('one', true);
    await vi.advanceTimersByTimeAsync(1_000);
    waiting['one'] = 3;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(woken).toEqual(['3 of one']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is left alone when the server is away again, or the gateway ends', async () => {
    const { waking, woken } = setUp({ one: 1_000, two: 1_000 });
    waking.tell('one', true);
    waking.tell('two', true);
    await vi.advanceTimersByTimeAsync(0);
    waking.tell('one', false);
    await vi.advanceTimersByTimeAsync(500);
    waking.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(woken).toEqual(['200 of one', '200 of two', '200 of two']);
  });

  it('is left alone by what a request under way says after the end', async () => {
    const { waking, woken } = setUp({ one: 1 });
    waking.close();
    waking.tell('one', true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([woken, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('is woken all the same where the database fails for a moment', async () => {
    const { waking, woken, breakSpool } = setUp({ one: 5 });
    breakSpool(3);
    waking.tell('one', true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(woken).toEqual(['5 of one']);
  });
});
