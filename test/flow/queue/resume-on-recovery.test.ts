// Tasks that wait for a server are resumed when it recovers.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resumeOnRecovery } from '../../../src/flow/queue/resume-on-recovery.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `waiting`: how many tasks wait for each server. */
function setUp(waiting: Record<string, number>) {
  const resumed: string[] = [];
  /** The time of each call, in ms since the test began. */
  const calls: number[] = [];
  const begun = Date.now();
  let failures = 0;
  const spool = {
    async wake(waitsFor: string, limit: number, now: number) {
      calls.push(now - begun);
      // As in a database, the result comes later.
      await Promise.resolve();
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
  const logged: unknown[] = [];
  const log = { warn: (...line: unknown[]) => void logged.push(line) };
  const resumer = resumeOnRecovery({ spool, log, now: Date.now });
  const failSpool = (times: number): void => void (failures = times);
  return { resumer, resumed, waiting, logged, calls, failSpool };
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
    const { resumer, resumed, logged, failSpool } = setUp({ one: 5 });
    failSpool(3);
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(resumed).toEqual(['5 of one']);
    const facts = { backEnd: 'one', err: expect.objectContaining({ message: 'disk error' }) };
    const line = [facts, 'could not resume tasks waiting for this server, will retry'];
    expect(logged).toEqual([line, line, line]);
  });

  it.each([
    { when: 'none waits', waiting: 0, checks: 5 },
    { when: 'less than a batch waits', waiting: 199, checks: 5 },
    { when: 'one batch waits', waiting: 200, checks: 6 },
    { when: 'three batches wait', waiting: 600, checks: 8 },
  ])('are looked for five times after the last full batch: $when', async ({ waiting, checks }) => {
    const { resumer, calls } = setUp({ one: waiting });
    resumer.report('one', true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toEqual(Array.from({ length: checks }, (_, at) => at * 500));
  });

  it.each([
    { reports: [false], expected: ['200 of one'] },
    { reports: [false, true], expected: ['200 of one', '200 of one'] },
    { reports: [true], expected: ['200 of one', '200 of one'] },
  ])(
    'are resumed by the last of the reports $reports while a batch is being resumed',
    async ({ reports, expected }) => {
      const { resumer, resumed, calls } = setUp({ one: 1_000 });
      resumer.report('one', true);
      // The first batch has begun and not ended.
      vi.advanceTimersByTime(0);
      expect([calls.length, resumed]).toEqual([1, []]);
      for (const isAvailable of reports) resumer.report('one', isAvailable);
      await vi.advanceTimersByTimeAsync(499);
      expect(resumed).toEqual(expected);
      resumer.close();
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
