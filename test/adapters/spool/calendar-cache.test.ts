import { describe, expect, it } from 'vitest';
import { rememberCalendars } from '../../../src/adapters/spool/calendar-cache.ts';
import type { Engine } from '../../../src/adapters/spool/engine.ts';

function memory(texts: Readonly<Record<string, string>>) {
  const asked: string[][] = [];
  const run = async (_name: string, digests: readonly string[]) => {
    asked.push([...digests]);
    return digests.flatMap((digest) => (digest in texts ? [{ digest, text: texts[digest]! }] : []));
  };
  return { asked, ...rememberCalendars({ run: run as unknown as Engine['run'] }) };
}

describe('the memory for calendars', () => {
  it('asks once for what several refer to, and not again', async () => {
    const { asked, recall } = memory({ a: 'A', b: 'B' });
    const items = ['a', 'b', 'a', null].map((digest, at) => ({ at, digest }));
    const recalled = await recall(items);
    expect(recalled).toEqual([
      { at: 0, calendar: 'A' },
      { at: 1, calendar: 'B' },
      { at: 2, calendar: 'A' },
      { at: 3, calendar: null },
    ]);
    await recall(items);
    await recall([{ digest: null }]);
    expect(asked).toEqual([['a', 'b']]);
  });

  it('gives the same string each time, so that what was read of it is known', async () => {
    const { recall } = memory({ a: 'A'.repeat(100) });
    const [first] = await recall([{ digest: 'a' }]);
    const [second] = await recall([{ digest: 'a' }]);
    expect(second?.calendar === first?.calendar).toBe(true);
  });

  it('forgets what was asked for longest ago once there is too much', async () => {
    const text = (name: string) => name.repeat(900_000);
    const { asked, recall } = memory({ a: text('a'), b: text('b'), c: text('c') });
    for (const digest of ['a', 'b', 'a', 'c', 'a', 'b']) await recall([{ digest }]);
    expect(asked.flat()).toEqual(['a', 'b', 'c', 'b']);
  });

  it('says what is lost by an empty text', async () => {
    expect(await memory({}).recall([{ digest: 'gone' }])).toEqual([{ calendar: '' }]);
  });
});
