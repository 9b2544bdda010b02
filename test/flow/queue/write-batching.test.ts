// How many writes the answers to one event need, and how long each answer waits.
import { describe, expect, it } from 'vitest';
import { writeBatching } from '../../../src/flow/queue/write-batching.ts';

function open() {
  const clock = { now: 800_000 };
  return { clock, ...writeBatching(() => clock.now) };
}

describe('an answer', () => {
  it('is due at once if it is the first, or if the previous one was long ago', () => {
    const { clock, begin, dueAt } = open();
    expect(dueAt('a')).toBe(clock.now);
    begin('a');
    clock.now += 1_600;
    expect(dueAt('a')).toBe(clock.now);
  });

  it('is due at the end of the interval if it closely follows another', () => {
    const { clock, begin, dueAt } = open();
    begin('a');
    const due = [1, 299, 300, 1, 500].map((later) => {
      clock.now += later;
      return dueAt('a') - 800_000;
    });
    // An answer in the last 200 ms may not be stored in time: it is due with the next interval.
    expect(due).toEqual([800, 800, 800, 1_600, 1_600]);
    expect(dueAt('b')).toBe(clock.now);
  });

  it('shares the write of its interval with all others', () => {
    const { clock, begin, dueAt } = open();
    const dueTimes = new Set<number>();
    for (let answers = 0; answers < 2_000; answers += 1) {
      if (answers % 173 === 0) begin('a');
      dueTimes.add(dueAt('a'));
      clock.now += 5;
    }
    expect(dueTimes.size).toBeLessThanOrEqual(14);
  });

  it('is due at once when its lane has been idle while others were busy', () => {
    const { clock, begin, dueAt } = open();
    begin('a');
    clock.now += 1_000;
    begin('b');
    clock.now += 700;
    begin('c');
    expect(dueAt('a')).toBe(clock.now);
    expect(dueAt('b')).toBeGreaterThan(clock.now);
  });

  it('is due at once after the clock was set back', () => {
    const { clock, begin, dueAt } = open();
    begin('a');
    clock.now -= 48 * 3_600_000;
    expect(dueAt('a')).toBe(clock.now);
  });
});
