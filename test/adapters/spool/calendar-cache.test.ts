// The cache of calendar texts: what it loads, what it keeps, and what it evicts.
import { describe, expect, it } from 'vitest';
import { openCalendarCache } from '../../../src/adapters/spool/calendar-cache.ts';
import type { Engine } from '../../../src/adapters/spool/engine.ts';

function openCache(texts: Readonly<Record<string, string>>) {
  const loaded: string[][] = [];
  const run = async (_name: string, digests: readonly string[]) => {
    loaded.push([...digests]);
    return digests.flatMap((digest) => (digest in texts ? [{ digest, text: texts[digest]! }] : []));
  };
  return { loaded, ...openCalendarCache({ run: run as unknown as Engine['run'] }) };
}

describe('the calendar cache', () => {
  it('loads a text once, although several items refer to it', async () => {
    const { loaded, addCalendars } = openCache({ a: 'A', b: 'B' });
    const items = ['a', 'b', 'a', null].map((digest, at) => ({ at, digest }));
    const completed = await addCalendars(items);
    expect(completed).toEqual([
      { at: 0, calendar: 'A' },
      { at: 1, calendar: 'B' },
      { at: 2, calendar: 'A' },
      { at: 3, calendar: null },
    ]);
    await addCalendars(items);
    await addCalendars([{ digest: null }]);
    expect(loaded).toEqual([['a', 'b']]);
  });

  it('returns the same string each time, so that results memoized for it are found', async () => {
    const { addCalendars } = openCache({ a: 'A'.repeat(100) });
    const [first] = await addCalendars([{ digest: 'a' }]);
    const [second] = await addCalendars([{ digest: 'a' }]);
    expect(second?.calendar === first?.calendar).toBe(true);
  });

  it('evicts the least recently used text when it is full', async () => {
    const text = (name: string) => name.repeat(900_000);
    const { loaded, addCalendars } = openCache({ a: text('a'), b: text('b'), c: text('c') });
    for (const digest of ['a', 'b', 'a', 'c', 'a', 'b']) await addCalendars([{ digest }]);
    expect(loaded.flat()).toEqual(['a', 'b', 'c', 'b']);
  });

  it('returns an empty text for an unknown digest', async () => {
    expect(await openCache({}).addCalendars([{ digest: 'gone' }])).toEqual([{ calendar: '' }]);
  });
});
