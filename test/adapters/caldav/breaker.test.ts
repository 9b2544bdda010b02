// The circuit breaker: when it opens, probes and closes, and how long work waits for a busy back end.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_BREAKER_OPTIONS, openBreaker } from '../../../src/adapters/caldav/breaker.ts';
import type { BreakerState } from '../../../src/flow/ports/calendar-store.ts';
import { CalDavError } from '../../../src/adapters/caldav/caldav-error.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { maxSilenceMs, shortMaxSilenceMs, failureThreshold, openMs } = DEFAULT_BREAKER_OPTIONS;
const unreachable = () => new CalDavError('caldav-unreachable', 'no response', { temporary: true });

interface SentRequest {
  readonly origin: string;
  respond(): void;
  fail(error?: Error): void;
}

function setUp() {
  const sent: SentRequest[] = [];
  const states: BreakerState[] = [];
  const onChange = (_origin: string, state: BreakerState): void => void states.push(state);
  const breaker = openBreaker({ ...DEFAULT_BREAKER_OPTIONS, maxInFlight: 2, onChange });
  /** `result` returns `waiting`, `done` or the error. */
  function get(origin = 'one'): { result: () => string | CalDavError } {
    let result: string | CalDavError = 'waiting';
    const work = () =>
      new Promise<void>((resolve, reject) => {
        sent.push({ origin, respond: resolve, fail: (error = unreachable()) => reject(error) });
      });
    breaker(origin, work).then(
      () => (result = 'done'),
      (error: CalDavError) => (result = error),
    );
    return { result: () => result };
  }
  const settle = () => vi.advanceTimersByTimeAsync(0);
  async function makeItOpen(): Promise<void> {
    for (let failures = 0; failures < failureThreshold; failures += 1) {
      get();
      await settle();
      sent.at(-1)?.fail();
      await settle();
    }
  }
  return { sent, states, get, settle, makeItOpen };
}

describe('the breaker', () => {
  it('does not stay open longer if the clock is set back', async () => {
    const { get, settle, makeItOpen, sent } = setUp();
    await makeItOpen();
    vi.setSystemTime(Date.now() - 48 * 3_600_000);
    await vi.advanceTimersByTimeAsync(openMs.first);
    const before = sent.length;
    get();
    await settle();
    expect(sent).toHaveLength(before + 1);
  });

  it('limits the requests in flight for each back end separately', async () => {
    const { sent, get, settle } = setUp();
    const [first, , third] = [get(), get(), get()];
    get('two');
    await settle();
    expect(sent.map(({ origin }) => origin)).toEqual(['one', 'one', 'two']);
    sent[0]?.respond();
    await settle();
    expect(first.result()).toBe('done');
    expect(sent).toHaveLength(4);
    sent[3]?.respond();
    await settle();
    expect(third.result()).toBe('done');
  });

  it('refuses work for a back end that is busy and does not respond', async () => {
    const { sent, get, settle } = setUp();
    get();
    get();
    const waiting = get();
    await vi.advanceTimersByTimeAsync(maxSilenceMs - 1);
    expect(waiting.result()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.result()).toMatchObject({ code: 'caldav-unreachable', temporary: true, retryAfterMs: 2_000 });
    const late = get();
    await settle();
    expect(late.result()).toBeInstanceOf(CalDavError);
    expect(sent).toHaveLength(2);
  });

  it('has a timer only while work waits', async () => {
    const { sent, get, settle, makeItOpen } = setUp();
    for (let requests = 0; requests < 3; requests += 1) get();
    await settle();
    expect([sent.length, vi.getTimerCount()]).toEqual([2, 1]);
    sent[0]?.respond();
    await settle();
    expect([sent.length, vi.getTimerCount()]).toEqual([3, 0]);
    get();
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    for (const { fail } of sent.slice(1)) fail();
    await settle();
    sent.at(-1)?.respond();
    await settle();
    await makeItOpen();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('limits how many wait for long, so that lanes are left for other back ends', async () => {
    const { get, settle } = setUp();
    const all = Array.from({ length: 6 }, () => get());
    await vi.advanceTimersByTimeAsync(shortMaxSilenceMs);
    const left = (): string[] => all.map(({ result }) => (result() === 'waiting' ? 'waiting' : 'refused'));
    expect(left()).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'refused', 'refused']);
    const late = get();
    await settle();
    expect(late.result()).toBeInstanceOf(CalDavError);
    await vi.advanceTimersByTimeAsync(maxSilenceMs - shortMaxSilenceMs);
    expect(left().slice(2)).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  it('gives the time to retry in whole milliseconds', async () => {
    const { get, settle, makeItOpen } = setUp();
    await makeItOpen();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 0.25);
    const refused = get();
    await settle();
    clock.mockRestore();
    expect(refused.result()).toMatchObject({ retryAfterMs: openMs.first });
  });

  it('lets work wait while the back end responds, even slowly', async () => {
    const { sent, get } = setUp();
    get();
    get();
    const waiting = [get(), get()];
    for (let at = 0; at < 2; at += 1) {
      await vi.advanceTimersByTimeAsync(maxSilenceMs - 100);
      sent[at]?.respond();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(sent).toHaveLength(4);
    sent[2]?.respond();
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting.map(({ result }) => result())).toEqual(['done', 'waiting']);
  });

  it('opens after consecutive failures and gives the time to retry', async () => {
    const { sent, states, get, settle, makeItOpen } = setUp();
    await makeItOpen();
    expect(states).toEqual(['open']);
    await vi.advanceTimersByTimeAsync(500);
    const refused = get();
    const elsewhere = get('two');
    await settle();
    expect(refused.result()).toMatchObject({ code: 'caldav-unreachable', retryAfterMs: 1_500, backEnd: 'one' });
    expect(elsewhere.result()).toBe('waiting');
    expect(sent).toHaveLength(failureThreshold + 1);
  });

  it('probes with one request when half-open, and lets other work wait shortly for its result', async () => {
    const { sent, states, get, settle, makeItOpen } = setUp();
    await makeItOpen();
    await vi.advanceTimersByTimeAsync(2_000);
    const [probe, behind] = [get(), get()];
    await settle();
    expect(sent).toHaveLength(failureThreshold + 1);
    sent.at(-1)?.respond();
    await settle();
    expect(probe.result()).toBe('done');
    sent.at(-1)?.respond();
    await settle();
    expect(behind.result()).toBe('done');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('stays open longer after each failed probe, and starts over after a success', async () => {
    const { sent, get, settle, makeItOpen } = setUp();
    await makeItOpen();
    const pauses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const refused = get();
      await settle();
      pauses.push((refused.result() as CalDavError).retryAfterMs ?? 0);
      await vi.advanceTimersByTimeAsync(pauses.at(-1) ?? 0);
      get();
      const behind = get();
      await vi.advanceTimersByTimeAsync(shortMaxSilenceMs);
      expect(behind.result()).toBeInstanceOf(CalDavError);
      sent.at(-1)?.fail();
      await settle();
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    await vi.advanceTimersByTimeAsync(30_000);
    get();
    await settle();
    sent.at(-1)?.respond();
    await settle();
    await makeItOpen();
    const refused = get();
    await settle();
    expect(refused.result()).toMatchObject({ retryAfterMs: 2_000 });
  });

  it('counts an HTTP error as a response', async () => {
    const { sent, states, get, settle } = setUp();
    for (let count = 0; count < 10; count += 1) {
      const refused = get();
      await settle();
      const error =
        count % 3 === 0
          ? new CalDavError('caldav-refused', 'HTTP 500', { temporary: true, status: 500 })
          : unreachable();
      sent.at(-1)?.fail(error);
      await settle();
      expect(refused.result()).toBe(error);
      expect(error.backEnd).toBe(count % 3 === 0 ? null : 'one');
    }
    expect(states).toEqual([]);
  });
});
