// The contract of the operator's actions, which run in a process beside the gateway.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerWrite } from '../../../src/flow/ports/spool.ts';
import type { Bench, OperatorStore } from './contract.ts';
import { idsOf, newEntry, newTask } from './records.ts';

export function describeOperatorActions(bench: Bench): void {
  describe('an operator', () => {
    const all = { queue: null, state: null, limit: 10 };
    const ledger: LedgerWrite[] = [{ kind: 'entry', entry: newEntry({ reason: 'operator-retry' }) }];
    let operator: OperatorStore;

    beforeAll(async () => {
      operator = await bench.openForOperator();
    });
    afterAll(() => operator.spool.close());

    it('lists waiting and held tasks, oldest first', async () => {
      const mail = newTask({ id: 'a', queue: 'incoming', dueAt: 7, raw: Buffer.from('mail') });
      await bench.spool.put([mail, newTask({ id: 'b' }), newTask({ id: 'c' }), newTask({ id: 'd' })]);
      await operator.actions.change('b', 'hold', [], 100);
      await operator.actions.change('d', 'drop', [], 100);
      expect(idsOf(await operator.actions.list(all))).toEqual(['a', 'b', 'c']);
      expect(idsOf(await operator.actions.list({ ...all, limit: 2 }))).toEqual(['a', 'b']);
      expect(idsOf(await operator.actions.list({ ...all, queue: 'event' }))).toEqual(['b', 'c']);
      expect(idsOf(await operator.actions.list({ ...all, state: 'waiting' }))).toEqual(['a', 'c']);
      const [heldTask] = await operator.actions.list({ ...all, queue: 'event', state: 'held' });
      expect(heldTask).toMatchObject({ id: 'b', state: 'held', lastError: 'operator', heldFor: 'operator:b' });
      const { raw: _raw, ...rest } = mail;
      const waiting = { ...rest, state: 'waiting', attempts: 0, lastError: null, heldFor: null };
      expect((await operator.actions.list(all))[0]).toEqual(waiting);
    });

    it('makes waiting and held tasks due at once', async () => {
      await bench.spool.put([newTask({ id: 'a', dueAt: 9000 }), newTask({ id: 'b' })]);
      await operator.actions.change('b', 'hold', [], 100);
      for (const id of ['a', 'b']) expect(await operator.actions.change(id, 'retry', ledger, 100)).toBe('changed');
      const batches = await bench.claim('event');
      expect(batches.flatMap(({ tasks }) => idsOf(tasks)).sort()).toEqual(['a', 'b']);
      expect(await bench.ledger.recent(5)).toHaveLength(2);
    });

    it('holds and drops a task only once', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' }), newTask({ id: 'b', lane: 'l' })]);
      expect(await operator.actions.change('a', 'hold', ledger, 100)).toBe('changed');
      expect(await operator.actions.change('a', 'hold', ledger, 100)).toBe('held');
      expect(idsOf((await bench.claimOne('event', { leaseMs: 1 })).tasks)).toEqual(['b']);
      expect(await operator.actions.change('a', 'drop', ledger, 200)).toBe('changed');
      expect(await operator.actions.change('b', 'drop', ledger, 200)).toBe('changed');
      expect(await operator.actions.change('b', 'retry', ledger, 200)).toBe('ended');
      expect(await operator.actions.change('none', 'drop', ledger, 200)).toBe('unknown');
      expect(await bench.ledger.recent(9)).toHaveLength(3);
      expect(await bench.claim('event', { now: 200 })).toEqual([]);
    });

    it('cannot change a task whose lane is leased', async () => {
      await bench.spool.put([newTask({ id: 'a' })]);
      const { lease } = await bench.claimOne('event');
      expect(await operator.actions.change('a', 'drop', ledger, 100)).toBe('under-way');
      expect(await bench.ledger.recent(9)).toEqual([]);
      expect(await bench.spool.commit(lease, { done: ['a'] })).toBe(true);
      expect(await operator.actions.change('a', 'drop', ledger, 100)).toBe('ended');
    });
  });
}
