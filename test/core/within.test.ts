// Waiting for work until it ends or the limit is reached.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { within } from '../../src/core/within.ts';

const never = new Promise<string>(() => undefined);

describe('within', () => {
  it('returns the result of the work', async () => {
    expect(await within(new AbortController().signal, Promise.resolve('done'), () => 'late')).toBe('done');
  });

  it('rejects if the work rejects', async () => {
    const work = Promise.reject(new Error('failed'));
    await expect(within(new AbortController().signal, work, () => 'late')).rejects.toThrow('failed');
  });

  it('returns the result of `late` when the limit is reached', async () => {
    const limit = new AbortController();
    const answer = within(limit.signal, never, () => 'late');
    limit.abort();
    expect(await answer).toBe('late');
  });

  it('rejects if `late` throws', async () => {
    const answer = within(AbortSignal.abort(), never, () => {
      throw new Error('too late');
    });
    await expect(answer).rejects.toThrow('too late');
  });

  it('returns the result of work that was done before the limit', async () => {
    expect(await within(AbortSignal.abort(), Promise.resolve('done'), () => 'late')).toBe('done');
  });

  it('ignores an error of the work after the limit', async () => {
    let fail = (_error: Error): void => undefined;
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    expect(await within(AbortSignal.abort(), work, () => 'late')).toBe('late');
    // An unhandled rejection would fail the run.
    fail(new Error('afterwards'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('leaves no listener on the limit, so that `late` is not called afterwards', async () => {
    const limit = new AbortController();
    let lateCalls = 0;
    await within(limit.signal, Promise.resolve(), () => {
      lateCalls += 1;
    });
    expect(getEventListeners(limit.signal, 'abort')).toEqual([]);
    limit.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lateCalls).toBe(0);
  });
});
