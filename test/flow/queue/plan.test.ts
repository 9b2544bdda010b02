// Plans of a batch, joined into the changes of one transaction.
import { describe, expect, it } from 'vitest';
import { because } from '../../../src/core/reasons.ts';
import type { NewTask } from '../../../src/flow/ports/spool.ts';
import { changesOf, done, ended, joinEffects, mark } from '../../../src/flow/queue/plan.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { alice } from '../flow-kit.ts';

const origin = { recordId: 'r1', door: 'gateway', messageId: null };
const added = (id: string): NewTask =>
  recordTask({ kind: 'verify', origin, owner: alice, uid: 'u', round: 0 }, { id, createdAt: 0 });

describe('changesOf', () => {
  it('sorts the tasks by their outcome, and joins the added tasks and entries in order', () => {
    const changes = changesOf(
      [
        { id: 'a', plan: { disposition: done, add: [added('1')], ledger: [mark('one', 1)] } },
        { id: 'b', plan: { disposition: { kind: 'retry', dueAt: 7, error: 'later' }, ledger: [mark('two', 2)] } },
        { id: 'c', plan: { disposition: { kind: 'hold', reason: 'proposal', key: 'k' }, add: [added('2')] } },
        { id: 'd', plan: { disposition: done } },
      ],
      { add: [added('3')], ledger: [mark('three', 3)] },
    );
    expect(changes).toEqual({
      done: ['a', 'd'],
      retry: [{ id: 'b', dueAt: 7, error: 'later' }],
      hold: [{ id: 'c', reason: 'proposal', key: 'k' }],
      add: [added('1'), added('2'), added('3')],
      ledger: [mark('one', 1), mark('two', 2), mark('three', 3)],
    });
  });

  it('of no plans are empty', () => {
    expect(changesOf([])).toEqual({ done: [], retry: [], hold: [], add: [], ledger: [] });
  });
});

describe('effects', () => {
  it('are joined although some have no tasks or no ledger entries', () => {
    expect(joinEffects([{ add: [added('1')] }, {}, { ledger: [mark('m', 4)] }])).toEqual({
      add: [added('1')],
      ledger: [{ kind: 'mark', mark: 'm', at: 4 }],
    });
  });
});

describe('ended', () => {
  it('is a task that is done with one ledger entry about it', () => {
    const body = { kind: 'verify', origin, owner: alice, uid: 'u', round: 0 } as const;
    const task = { ...added('t1'), attempts: 0, lastError: null };
    const plan = ended({ task, body }, 5, 'refused', because('past', { who: 'bob@remote.test' }));
    const entry = { taskId: 't1', at: 5, verdict: 'refused', reason: 'past', uid: 'u', recordId: 'r1' };
    expect(plan).toEqual({ disposition: done, ledger: [{ kind: 'entry', entry: expect.objectContaining(entry) }] });
  });
});
