// Plans of a batch, joined into the changes of one transaction.
import { describe, expect, it } from 'vitest';
import { because } from '../../../src/core/reasons.ts';
import { changesOf, done, ended, joinEffects, mark, type PlannedTask } from '../../../src/flow/queue/plan.ts';
import { type NewRecord, recordTask } from '../../../src/flow/records/records.ts';
import { alice } from '../flow-kit.ts';

const body = { kind: 'verify', owner: alice, uid: 'u', round: 0 } as const;
const added = (id: string): NewRecord => ({ body, id });
const options = { makeId: (now: number) => `new-${now}`, now: () => 9 };

describe('changesOf', () => {
  it('sorts the tasks by their outcome, and joins the added records and entries in order', () => {
    const planned: PlannedTask[] = [
      { id: 'a', plan: { disposition: done, add: [added('1')], ledger: [mark('one', 1)] } },
      { id: 'b', plan: { disposition: { kind: 'retry', dueAt: 7, error: 'later' }, ledger: [mark('two', 2)] } },
      { id: 'c', plan: { disposition: { kind: 'hold', reason: 'proposal', key: 'k' }, add: [added('2')] } },
      { id: 'd', plan: { disposition: done } },
    ];
    const changes = changesOf({ planned, more: { add: [added('3')], ledger: [mark('three', 3)] } }, options);
    expect(changes).toMatchObject({
      done: ['a', 'd'],
      retry: [{ id: 'b', dueAt: 7, error: 'later' }],
      hold: [{ id: 'c', reason: 'proposal', key: 'k' }],
      add: [{ id: '1' }, { id: '2' }, { id: '3' }],
      ledger: [mark('one', 1), mark('two', 2), mark('three', 3)],
    });
  });

  it('of no plans are empty', () => {
    expect(changesOf({ planned: [] }, options)).toEqual({ done: [], retry: [], hold: [], add: [], ledger: [] });
  });
});

describe('a new record', () => {
  const taskOf = (record: NewRecord) => changesOf({ planned: [], more: { add: [record] } }, options).add?.[0];

  it('becomes a task with a new id that is due at once', () => {
    expect(taskOf({ body })).toEqual(recordTask(body, { id: 'new-9', createdAt: 9 }));
  });

  it('keeps the facts that it has', () => {
    const facts = { id: 'known', createdAt: 3, dueAt: 5, raw: new Uint8Array([1]) };
    expect(taskOf({ body, ...facts })).toEqual(recordTask(body, facts));
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
    const task = { ...recordTask(body, { id: 't1', createdAt: 0 }), attempts: 0, lastError: null };
    const plan = ended({ task, body }, 5, 'refused', because('past', { who: 'bob@remote.test' }));
    const entry = { taskId: 't1', at: 5, verdict: 'refused', reason: 'past', uid: 'u', recordId: 't1' };
    expect(plan).toEqual({ disposition: done, ledger: [{ kind: 'entry', entry: expect.objectContaining(entry) }] });
  });
});
