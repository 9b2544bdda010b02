// What became of work, as the log says it.
import { describe, expect, it } from 'vitest';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { newEntry } from '../../adapters/spool/records.ts';
import type { Log } from '../../../src/flow/ports/log.ts';

describe('an outcome', () => {
  const cases = [
    { reason: 'refused-by-relay', level: 'info' },
    { reason: 'organizer-not-told', level: 'error' },
  ] as const;
  it.each(cases)('$reason is logged as $level, with its record', ({ reason, level }) => {
    const lines: unknown[] = [];
    const note = (name: string) => (facts: { recordId: string }) => lines.push([name, facts.recordId]);
    const outcomes = makeOutcomes({ info: note('info'), error: note('error') } as unknown as Log);
    const entry = newEntry({ verdict: 'not-mailed', reason, detail: '550' });
    outcomes.tell([{ kind: 'entry', entry }]);
    expect(lines).toEqual([[level, 'r1']]);
  });
});
