// The contract of what an operator does by hand, in a process beside the gateway.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerWrite } from '../../../src/flow/ports/spool.ts';
import type { Bench, Beside } from './contract.ts';
import { idsOf, newEntry, newTask } from './records.ts';

export function describeDesk(bench: Bench): void {
  describe('the desk', () => {
    const all = { queue: null, state: null, limit: 10 };
    const ledger: LedgerWrite[] = [{ kind: 'entry', entry: newEntry({ reason: 'operator-retry' }) }];
    let beside: Beside;

    beforeAll(async () => {
      beside = await bench.openBeside();
    });
    afterAll(() => beside.spool.close());

    it('lists what waits and what is held, oldest first', async () => {
      const mail = newTask({ id: 'a', queue: 'incoming', dueAt: 7, raw: Buffer.from('mail') });
      await bench.spool.put([mail, newTask({ id: 'b' }), newTask({ id: 'c' }), newTask({ id: 'd' })]);
      await beside.desk.change('b', 'hold', [], 100);
      await beside.desk.change('d', 'drop', [], 100);
      expect(idsOf(await beside.desk.list(all))).toEqual(['a', 'b', 'c']);
      expect(idsOf(await beside.desk.list({ ...all, limit: 2 }))).toEqual(['a', 'b']);
      expect(idsOf(await beside.desk.list({ ...all, queue: 'event' }))).toEqual(['b', 'c']);
      expect(idsOf(await beside.desk.list({ ...all, state: 'waiting' }))).toEqual(['a', 'c']);
      const [heldTask] = await beside.desk.list({ ...all, queue: 'event', state: 'held' });
      expect(heldTask).toMatchObject({ id: 'b', state: 'held', lastError: 'operator', heldFor: 'operator:b' });
      const { raw: _raw, ...rest } = mail;
      const waiting = { ...rest, state: 'waiting', attempts: 0, lastError: null, heldFor: null };
      expect((await beside.desk.list(all))[0]).toEqual(waiting);
    });

    it('puts to work what waits and what is held', async () => {
      await bench.spool.put([newTask({ id: 'a', dueAt: 9000 }), newTask({ id: 'b' })]);
      await beside.desk.change('b', 'hold', [], 100);
      for (const id of ['a', 'b']) expect(await beside.desk.change(id, 'retry', ledger, 100)).toBe('changed');
      const batches = await bench.claim('event');
      expect(batches.flatMap(({ tasks }) => idsOf(tasks)).sort()).toEqual(['a', 'b']);
      expect(await bench.ledger.recent(5)).toHaveLength(2);
    });

    it('holds and ends, once', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' }), newTask({ id: 'b', lane: 'l' })]);
      expect(await beside.desk.change('a', 'hold', ledger, 100)).toBe('changed');
      expect(await beside.desk.change('a', 'hold', ledger, 100)).toBe('held');
      expect(idsOf((await bench.claimOne('event', { leaseMs: 1 })).tasks)).toEqual(['b']);
      expect(await beside.desk.change('a', 'drop', ledger, 200)).toBe('changed');
      expect(await beside.desk.change('b', 'drop', ledger, 200)).toBe('changed');
      expect(await beside.desk.change('b', 'retry', ledger, 200)).toBe('ended');
      expect(await beside.desk.change('none', 'drop', ledger, 200)).toBe('unknown');
      expect(await bench.ledger.recent(9)).toHaveLength(3);
      expect(await bench.claim('event', { now: 200 })).toEqual([]);
    });

    it('leaves alone what is being worked', async () => {
      await bench.spool.put([newTask({ id: 'a' })]);
      const { lease } = await bench.claimOne('event');
      expect(await beside.desk.change('a', 'drop', ledger, 100)).toBe('under-way');
      expect(await bench.ledger.recent(9)).toEqual([]);
      expect(await bench.spool.commit(lease, { done: ['a'] })).toBe(true);
      expect(await beside.desk.change('a', 'drop', ledger, 100)).toBe('ended');
    });
  });
}
