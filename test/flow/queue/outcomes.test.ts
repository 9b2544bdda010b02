// Outcomes: their log lines, their listeners, and waiting for one.
import { describe, expect, it } from 'vitest';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { newEntry } from '../../adapters/spool/records.ts';
import type { Log } from '../../../src/flow/ports/log.ts';

describe('an outcome', () => {
  const cases = [
    { reason: 'refused-by-relay', level: 'info' },
    { reason: 'organizer-not-told', level: 'error' },
  ] as const;
  it.each(cases)('with the reason $reason is logged at level $level', ({ reason, level }) => {
    const lines: unknown[] = [];
    const append = (name: string) => (facts: { recordId: string }) => lines.push([name, facts.recordId]);
    const outcomes = makeOutcomes({ info: append('info'), error: append('error') } as unknown as Log);
    const entry = newEntry({ verdict: 'not-mailed', reason, detail: '550' });
    outcomes.publish([{ kind: 'entry', entry }]);
    expect(lines).toEqual([[level, 'r1']]);
  });
});

describe('published outcomes', () => {
  const silent = { info: () => undefined, error: () => undefined } as unknown as Log;
  const entry = (taskId: string, reason: 'applied' | 'internal' = 'applied') => ({
    kind: 'entry' as const,
    entry: { ...newEntry(), taskId, reason },
  });

  it('reach each listener until it unsubscribes; other writes do not', () => {
    const outcomes = makeOutcomes(silent);
    const heard: string[][] = [[], []];
    const [stop] = heard.map((one) => outcomes.subscribe(({ taskId }) => one.push(taskId)));
    outcomes.publish([{ kind: 'mark', mark: 'm', at: 1 }, entry('a'), entry('b', 'internal')]);
    stop?.();
    outcomes.publish([entry('c')]);
    expect(heard).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  it('are logged with their time in ISO form, unless after-failure has logged them', () => {
    const lines: unknown[] = [];
    const log = { info: (...line: unknown[]) => lines.push(line), error: () => undefined } as unknown as Log;
    makeOutcomes(log).publish([entry('a'), entry('b', 'internal')]);
    expect(lines).toEqual([[{ ...entry('a').entry, at: new Date(entry('a').entry.at).toISOString() }, 'outcome']]);
  });

  describe('are waited for', () => {
    it('by task: the first entry about it counts', async () => {
      const outcomes = makeOutcomes(silent);
      const outcome = outcomes.waitFor('a', 60_000);
      outcomes.publish([entry('b'), entry('a'), entry('a', 'internal')]);
      expect(await outcome).toEqual(entry('a').entry);
    });

    it('for a limited time', async () => {
      expect(await makeOutcomes(silent).waitFor('a', 5)).toBeNull();
    });
  });
});
