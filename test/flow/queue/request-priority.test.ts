// Deferred work waits for served calls, but only for a bounded time.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requestPriority, type RequestPriorityOptions } from '../../../src/flow/queue/request-priority.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** A call that ends after as many ms as it is given, and work that records when it starts. */
function open(options: RequestPriorityOptions = {}) {
  const started: number[] = [];
  const { serve, defer } = requestPriority(options);
  const call = serve(async (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)));
  const work = defer(async (result: string) => {
    started.push(Date.now());
    return result;
  });
  return { started, call, work, serve };
}

describe('deferred work', () => {
  it('starts at once if no call has been served, and returns its result', async () => {
    const { started, work } = open();
    expect(await work('done')).toBe('done');
    expect(started).toEqual([0]);
  });

  it('starts quietMs after the last of several calls', async () => {
    const { started, call, work } = open({ quietMs: 400 });
    void call(5);
    void work('');
    for (const pause of [300, 300, 300]) {
      await vi.advanceTimersByTimeAsync(pause);
      void call(5);
    }
    await vi.advanceTimersByTimeAsync(404);
    expect(started).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toEqual([1_305]);
  });

  it('waits for a call that is still running', async () => {
    const { started, call, work } = open({ quietMs: 20 });
    void call(500);
    void call(30);
    void work('');
    await vi.advanceTimersByTimeAsync(600);
    expect(started).toEqual([520]);
  });

  it.each([
    [{ quietMs: 20, maxWaitMs: 150 }, 150],
    [{}, 8_000],
  ])('waits at most maxWaitMs: %j', async (options, expected) => {
    const { started, call, work } = open(options);
    void call(60_000);
    void work('');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(started).toEqual([expected]);
  });

  it('does not wait for a call that has failed', async () => {
    const { started, serve, work } = open({ quietMs: 20 });
    await expect(serve(() => Promise.reject(new TypeError('no')))()).rejects.toThrow('no');
    void work('');
    await vi.advanceTimersByTimeAsync(20);
    expect(started).toEqual([20]);
  });
});
