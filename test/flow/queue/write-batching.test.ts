import { describe, expect, it } from 'vitest';
import { writeBatching } from '../../../src/flow/queue/write-batching.ts';

function pacing() {
  const clock = { now: 800_000 };
  return { clock, ...writeBatching(() => clock.now) };
}

describe('the pace of writes', () => {
  it('lets a lone answer through at once, and whoever comes a while later', () => {
    const { clock, begin, dueAt } = pacing();
    expect(dueAt('a')).toBe(clock.now);
    begin('a');
    clock.now += 1_600;
    expect(dueAt('a')).toBe(clock.now);
  });

  it('lets those that come just after it wait for the same beat', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    const due = [1, 299, 300, 1, 500].map((later) => {
      clock.now += later;
      return dueAt('a') - 800_000;
    });
    // The last of a beat come too late to be on the disk in time: they go with the next.
    expect(due).toEqual([800, 800, 800, 1_600, 1_600]);
    expect(dueAt('b')).toBe(clock.now);
  });

  it('keeps the beat while answers keep coming, whenever they are worked', () => {
    const { clock, begin, dueAt } = pacing();
    const beats = new Set<number>();
    for (let answers = 0; answers < 2_000; answers += 1) {
      if (answers % 173 === 0) begin('a');
      beats.add(dueAt('a'));
      clock.now += 5;
    }
    expect(beats.size).toBeLessThanOrEqual(14);
  });

  it('forgets what was worked a while ago', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    clock.now += 1_000;
    begin('b');
    clock.now += 700;
    begin('c');
    expect(dueAt('a')).toBe(clock.now);
    expect(dueAt('b')).toBeGreaterThan(clock.now);
  });

  it('holds nothing up where the clock is set back', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    clock.now -= 48 * 3_600_000;
    expect(dueAt('a')).toBe(clock.now);
  });
});
