import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BREAKER, openBreaker } from '../../../src/adapters/caldav/breaker.ts';
import type { BreakerState } from '../../../src/flow/ports/calendar-store.ts';
import { CalDavError } from '../../../src/adapters/caldav/caldav-error.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const away = () => new CalDavError('caldav-unreachable', 'no answer', { temporary: true });

interface Asked {
  readonly origin: string;
  answer(): void;
  fail(error?: Error): void;
}

function setUp() {
  const asked: Asked[] = [];
  const states: BreakerState[] = [];
  const breaker = openBreaker({ ...BREAKER, width: 2, onChange: (_origin, state) => states.push(state) });
  /** What became of it: `waiting`, `answered` or the error. */
  function get(origin = 'one'): { result: () => string | CalDavError } {
    let result: string | CalDavError = 'waiting';
    const work = () =>
      new Promise<void>((resolve, reject) => {
        asked.push({ origin, answer: resolve, fail: (error = away()) => reject(error) });
      });
    breaker(origin, work).then(
      () => (result = 'answered'),
      (error: CalDavError) => (result = error),
    );
    return { result: () => result };
  }
  const settle = () => vi.advanceTimersByTimeAsync(0);
  async function breakIt(): Promise<void> {
    for (let failures = 0; failures < BREAKER.failures; failures += 1) {
      get();
      await settle();
      asked.at(-1)?.fail();
      await settle();
    }
  }
  return { asked, states, get, settle, breakIt };
}

describe('the breaker', () => {
  it('pauses no longer where the clock is set back', async () => {
    const { get, settle, breakIt, asked } = setUp();
    await breakIt();
    vi.setSystemTime(Date.now() - 48 * 3_600_000);
    await vi.advanceTimersByTimeAsync(BREAKER.pauseMs.first);
    const before = asked.length;
    get();
    await settle();
    expect(asked).toHaveLength(before + 1);
  });

  it('asks one back end few things at a time, the others meanwhile as well', async () => {
    const { asked, get, settle } = setUp();
    const [first, , third] = [get(), get(), get()];
    get('two');
    await settle();
    expect(asked.map(({ origin }) => origin)).toEqual(['one', 'one', 'two']);
    asked[0]?.answer();
    await settle();
    expect(first.result()).toBe('answered');
    expect(asked).toHaveLength(4);
    asked[3]?.answer();
    await settle();
    expect(third.result()).toBe('answered');
  });

  it('lets nobody wait for a back end that is busy and silent', async () => {
    const { asked, get, settle } = setUp();
    get();
    get();
    const waiting = get();
    await vi.advanceTimersByTimeAsync(BREAKER.patienceMs - 1);
    expect(waiting.result()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.result()).toMatchObject({ code: 'caldav-unreachable', temporary: true, retryAfterMs: 2_000 });
    const late = get();
    await settle();
    expect(late.result()).toBeInstanceOf(CalDavError);
    expect(asked).toHaveLength(2);
  });

  it('lets only so many wait for long, so that lanes are left for the others', async () => {
    const { get, settle } = setUp();
    const all = Array.from({ length: 6 }, () => get());
    await vi.advanceTimersByTimeAsync(BREAKER.shortPatienceMs);
    const left = (): string[] => all.map(({ result }) => (result() === 'waiting' ? 'waiting' : 'refused'));
    expect(left()).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'refused', 'refused']);
    const late = get();
    await settle();
    expect(late.result()).toBeInstanceOf(CalDavError);
    await vi.advanceTimersByTimeAsync(BREAKER.patienceMs - BREAKER.shortPatienceMs);
    expect(left().slice(2)).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  it('says in whole milliseconds when to come again', async () => {
    const { get, settle, breakIt } = setUp();
    await breakIt();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 0.25);
    const refused = get();
    await settle();
    clock.mockRestore();
    expect(refused.result()).toMatchObject({ retryAfterMs: BREAKER.pauseMs.first });
  });

  it('waits on while it answers, however slowly', async () => {
    const { asked, get } = setUp();
    get();
    get();
    const waiting = [get(), get()];
    for (let at = 0; at < 2; at += 1) {
      await vi.advanceTimersByTimeAsync(BREAKER.patienceMs - 100);
      asked[at]?.answer();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(asked).toHaveLength(4);
    asked[2]?.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting.map(({ result }) => result())).toEqual(['answered', 'waiting']);
  });

  it('opens after some failures in a row and says when to come again', async () => {
    const { asked, states, get, settle, breakIt } = setUp();
    await breakIt();
    expect(states).toEqual(['open']);
    await vi.advanceTimersByTimeAsync(500);
    const refused = get();
    const elsewhere = get('two');
    await settle();
    expect(refused.result()).toMatchObject({ code: 'caldav-unreachable', retryAfterMs: 1_500, backEnd: 'one' });
    expect(elsewhere.result()).toBe('waiting');
    expect(asked).toHaveLength(BREAKER.failures + 1);
  });

  it('finds out by one request whether it is back; who comes meanwhile waits for that a moment', async () => {
    const { asked, states, get, settle, breakIt } = setUp();
    await breakIt();
    await vi.advanceTimersByTimeAsync(2_000);
    const [probe, behind] = [get(), get()];
    await settle();
    expect(asked).toHaveLength(BREAKER.failures + 1);
    asked.at(-1)?.answer();
    await settle();
    expect(probe.result()).toBe('answered');
    asked.at(-1)?.answer();
    await settle();
    expect(behind.result()).toBe('answered');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('pauses longer each time, and begins anew once it was back', async () => {
    const { asked, get, settle, breakIt } = setUp();
    await breakIt();
    const pauses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const refused = get();
      await settle();
      pauses.push((refused.result() as CalDavError).retryAfterMs ?? 0);
      await vi.advanceTimersByTimeAsync(pauses.at(-1) ?? 0);
      get();
      const behind = get();
      await vi.advanceTimersByTimeAsync(BREAKER.shortPatienceMs);
      expect(behind.result()).toBeInstanceOf(CalDavError);
      asked.at(-1)?.fail();
      await settle();
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    await vi.advanceTimersByTimeAsync(30_000);
    get();
    await settle();
    asked.at(-1)?.answer();
    await settle();
    await breakIt();
    const refused = get();
    await settle();
    expect(refused.result()).toMatchObject({ retryAfterMs: 2_000 });
  });

  it('takes a refusal for a sign of life', async () => {
    const { asked, states, get, settle } = setUp();
    for (let count = 0; count < 10; count += 1) {
      const refused = get();
      await settle();
      const error =
        count % 3 === 0 ? new CalDavError('caldav-refused', 'HTTP 500', { temporary: true, status: 500 }) : away();
      asked.at(-1)?.fail(error);
      await settle();
      expect(refused.result()).toBe(error);
      expect(error.backEnd).toBe(count % 3 === 0 ? null : 'one');
    }
    expect(states).toEqual([]);
  });
});
