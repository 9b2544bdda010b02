import { describe, expect, it } from 'vitest';
import { writePace } from '../../src/flow/write-pace.ts';

function pacing() {
  const clock = { now: 1_000_000 };
  return { clock, ...writePace(() => clock.now) };
}

describe('the pace of writes', () => {
  it('lets a lone answer through at once, and whoever comes a while after a write', () => {
    const { clock, begin, dueAt } = pacing();
    expect(dueAt('a')).toBe(clock.now);
    begin('a');
    clock.now += 700;
    expect(dueAt('a')).toBe(clock.now);
  });

  it('lets those that come just after a write wait for the same moment', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    const due = [1, 300, 300].map((later) => {
      clock.now += later;
      return dueAt('a');
    });
    expect(due).toEqual([1_000_700, 1_000_700, 1_000_700]);
    expect(dueAt('b')).toBe(clock.now);
  });

  it('counts from the last write', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    begin('b');
    clock.now += 500;
    begin('a');
    clock.now += 300;
    expect(dueAt('a')).toBe(1_001_200);
    expect(dueAt('b')).toBe(clock.now);
  });

  it('holds nothing up where the clock is set back', () => {
    const { clock, begin, dueAt } = pacing();
    begin('a');
    clock.now -= 48 * 3_600_000;
    expect(dueAt('a')).toBe(clock.now);
  });
});
