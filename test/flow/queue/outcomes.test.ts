// The log lines of outcomes.
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
