// Tasks that wait for a server are resumed when it recovers.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resumeOnRecovery } from '../../../src/flow/queue/resume-on-recovery.ts';
import { openLog } from '../../../src/app/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `waiting`: how many tasks wait for each server. */
function setUp(waiting: Record<string, number>) {
  const resumed: string[] = [];
  let failures = 0;
  const spool = {
    async wake(waitsFor: string, limit: number) {
      if (failures > 0) {
        failures -= 1;
        throw new TypeError('disk error');
      }
      const count = Math.min(waiting[waitsFor] ?? 0, limit);
      waiting[waitsFor] = (waiting[waitsFor] ?? 0) - count;
      if (count > 0) resumed.push(`${count} of ${waitsFor}`);
      return count;
    },
  };
  const resumer = resumeOnRecovery({ spool, log: openLog('silent'), now: Date.now });
  const failSpool = (times: number): void => void (failures = times);
  return { resumer, resumed, waiting, failSpool };
}

describe('tasks that wait for a server', () => {
  it('are resumed in batches when it recovers, and tasks of other servers are not', async () => {
    const { resumer, resumed, waiting } = setUp({ one: 450, two: 7 });
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(0);
    expect(resumed).toEqual(['200 of one']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(resumed).toEqual(['200 of one', '200 of one', '50 of one']);
    expect(waiting).toEqual({ one: 0, two: 7 });
  });

  it('are resumed if they were put back shortly after the recovery', async () => {
    const { resumer, resumed, waiting } = setUp({ one: 0 });
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(1_000);
    waiting['one'] = 3;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(resumed).toEqual(['3 of one']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are no longer resumed when the server fails again or the gateway stops', async () => {
    const { resumer, resumed } = setUp({ one: 1_000, two: 1_000 });
    resumer.report('one', true);
    resumer.report('two', true);
    await vi.advanceTimersByTimeAsync(0);
    resumer.report('one', false);
    await vi.advanceTimersByTimeAsync(500);
    resumer.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(resumed).toEqual(['200 of one', '200 of two', '200 of two']);
  });

  it('are not resumed by a recovery that is reported after the stop', async () => {
    const { resumer, resumed } = setUp({ one: 1 });
    resumer.close();
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([resumed, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('are resumed after a temporary failure of the database', async () => {
    const { resumer, resumed, failSpool } = setUp({ one: 5 });
    failSpool(3);
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(resumed).toEqual(['5 of one']);
  });
});
