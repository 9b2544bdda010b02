// The contract of what surrounds the queue: notifications of work, shared calendars, held tasks, counts, pruning.
import { describe, expect, it } from 'vitest';
import type { NewTask } from '../../../src/flow/ports/spool.ts';
import type { Bench } from './contract.ts';
import { idsOf, newEntry, newMailing, newTask } from './records.ts';

function newMail(id: string): NewTask {
  return newTask({ id, queue: 'outgoing', lane: 'l' });
}

/** Tasks of one lane, held under the key `pair`. */
async function hold(bench: Bench, ...names: string[]): Promise<void> {
  await bench.spool.put(names.map((id) => newTask({ id, lane: 'l', raw: Buffer.from(id) })));
  const { lease } = await bench.claimOne('event');
  await bench.spool.commit(lease, { hold: names.map((id) => ({ id, reason: 'unauthenticated', key: 'pair' })) });
}

export function describeMaintenance(bench: Bench): void {
  describe('nextDue and onWork', () => {
    it('return the earliest due time, and null if no task waits', async () => {
      expect(await bench.spool.nextDue('event')).toBeNull();
      await bench.spool.put([newTask({ id: 'a', dueAt: 70 }), newTask({ dueAt: 60, queue: 'incoming' })]);
      expect(await bench.spool.nextDue('event')).toBe(70);
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { done: ['a'] });
      expect(await bench.spool.nextDue('event')).toBeNull();
    });

    it('call the listeners of the queue that has work', async () => {
      await bench.reopen();
      const notified: string[] = [];
      const stop = bench.spool.onWork('event', () => notified.push('event'));
      bench.spool.onWork('outgoing', () => notified.push('outgoing'));
      await bench.spool.put([newTask({ id: 'a' })]);
      await expect.poll(() => notified).toContain('event');
      expect(notified).not.toContain('outgoing');
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, {
        hold: [{ id: 'a', reason: 'operator', key: 'k' }],
        add: [newTask({ queue: 'outgoing' })],
      });
      await expect.poll(() => notified).toContain('outgoing');
      notified.length = 0;
      await bench.spool.release([{ id: 'a', body: '{}', dueAt: 0 }]);
      await expect.poll(() => notified).toContain('event');
      stop();
      notified.length = 0;
      await bench.spool.put([newTask(), newTask({ queue: 'outgoing' })]);
      await expect.poll(() => notified).toContain('outgoing');
      expect(notified).not.toContain('event');
    });
  });

  describe('a calendar that several tasks share', () => {
    const calendar = 'BEGIN:VCALENDAR\r\nÄ';
    const later = Number.MAX_SAFE_INTEGER;

    it('is returned with each of them by every method', async () => {
      await bench.spool.put(['a', 'b'].map((id) => newTask({ id, lane: 'l', calendar })));
      await bench.reopen();
      expect(await bench.spool.task('a')).toMatchObject({ calendar });
      const { lease, tasks } = await bench.claimOne('event', { perLane: 2 });
      expect(tasks.map((task) => task.calendar)).toEqual([calendar, calendar]);
      const add = [newTask({ id: 'c', calendar }), newTask({ id: 'd' })];
      await bench.spool.commit(lease, { hold: [{ id: 'a', reason: 'operator', key: 'k' }], done: ['b'], add });
      expect(await bench.spool.held('k')).toMatchObject([{ id: 'a', calendar }]);
      expect(await bench.spool.task('c')).toMatchObject({ calendar });
      expect(await bench.spool.task('d')).toMatchObject({ calendar: null });
    });

    it('is stored until the last task and mailing that refers to it is deleted', async () => {
      const other = 'BEGIN:VCALENDAR\r\nB';
      await bench.spool.put([
        newTask({ id: 'a', lane: 'l', calendar }),
        newTask({ id: 'b', lane: 'l', calendar: other }),
      ]);
      const mailing = newMailing({ calendar: other });
      await bench.spool.put([newTask({ id: 'c', queue: 'incoming', calendar })], [{ kind: 'mailing', mailing }]);
      const first = await bench.claimOne('event', { perLane: 2 });
      await bench.spool.commit(first.lease, { done: ['a', 'b'] });
      expect(await bench.spool.prune(later, 0)).toBe(2);
      await bench.reopen();
      expect(await bench.spool.task('c')).toMatchObject({ calendar });
      expect(await bench.ledger.mailing('m1')).toMatchObject({ calendar: other });
      const { lease } = await bench.claimOne('incoming');
      await bench.spool.commit(lease, { done: ['c'] });
      expect(await bench.spool.prune(later, 0)).toBe(1);
      await bench.spool.put([newTask({ id: 'd', calendar })]);
      expect(await bench.spool.task('d')).toMatchObject({ calendar });
    });
  });

  describe('held tasks', () => {
    it('are released with a new body and no attempts, only once', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l', raw: Buffer.from('a') })]);
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { retry: [{ id: 'a', dueAt: 0, error: 'away' }] });
      await hold(bench, 'a', 'b');
      const back = ['a', 'none'].map((id) => ({ id, body: '{"ok":1}', dueAt: 120 }));
      expect(await bench.spool.release(back, [{ kind: 'mark', mark: 'used', at: 1 }])).toEqual(['a']);
      expect(await bench.spool.release(back, [{ kind: 'mark', mark: 'late', at: 2 }])).toEqual([]);
      expect(await bench.ledger.marked('late')).toBe(false);
      expect(await bench.ledger.marked('used')).toBe(true);
      expect(idsOf(await bench.spool.held('pair'))).toEqual(['b']);
      const { tasks: claimed } = await bench.claimOne('event', { now: 120 });
      expect(claimed[0]).toMatchObject({ id: 'a', body: '{"ok":1}', attempts: 0, lastError: null });
      expect(Buffer.from(claimed[0]!.raw!).toString()).toBe('a');
    });

    it('can be dropped only once', async () => {
      await hold(bench, 'a', 'b');
      expect(await bench.spool.drop(['a', 'none'], [{ kind: 'entry', entry: newEntry() }])).toEqual(['a']);
      expect(await bench.spool.drop(['a'], [{ kind: 'entry', entry: newEntry() }])).toEqual([]);
      expect((await bench.spool.task('a'))?.state).toBe('done');
      expect(await bench.spool.release([{ id: 'a', body: '', dueAt: 0 }])).toEqual([]);
      expect(await bench.ledger.recent(5)).toHaveLength(1);
    });

    it('do not block later tasks of their lane, and return to their place when released', async () => {
      await bench.spool.put([newMail('a'), newMail('b')]);
      const { lease } = await bench.claimOne('outgoing', { perLane: 1 });
      await bench.spool.commit(lease, { hold: [{ id: 'a', reason: 'operator', key: 'k' }] });
      await bench.spool.release([{ id: 'a', body: '', dueAt: 90 }]);
      expect(idsOf((await bench.claimOne('outgoing')).tasks)).toEqual(['a', 'b']);
    });
  });

  describe('status, prune and probe', () => {
    it('count waiting and held tasks', async () => {
      await bench.spool.put([
        newTask({ id: 'a', createdAt: 7 }),
        newTask({ createdAt: 5, dueAt: 1000 }),
        newTask({ queue: 'incoming', createdAt: 9 }),
      ]);
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { hold: [{ id: 'a', reason: 'operator', key: 'k' }] });
      expect(await bench.spool.status()).toEqual([
        { queue: 'incoming', waiting: 1, held: 0, oldest: 9 },
        { queue: 'event', waiting: 1, held: 1, oldest: 5 },
        { queue: 'question', waiting: 0, held: 0, oldest: null },
        { queue: 'invitation', waiting: 0, held: 0, oldest: null },
        { queue: 'outgoing', waiting: 0, held: 0, oldest: null },
      ]);
    });

    it('prune ended tasks, and ledger entries later', async () => {
      await bench.spool.put(['a', 'b', 'c'].map((id) => newTask({ id, lane: id, raw: Buffer.from(id) })));
      for (const { lease, tasks: claimed } of await bench.claim('event')) {
        if (lease.lane === 'a') await bench.spool.commit(lease, { done: idsOf(claimed) });
        if (lease.lane === 'b') await bench.spool.commit(lease, { hold: [{ id: 'b', reason: 'operator', key: 'k' }] });
      }
      await bench.spool.put([], [{ kind: 'entry', entry: newEntry({ at: 10 }) }]);
      await bench.spool.put([], [{ kind: 'entry', entry: newEntry({ at: 20 }) }]);
      await bench.spool.put([], [{ kind: 'mark', mark: 'old', at: 10 }]);
      expect(await bench.spool.prune(1, 1)).toBe(0);
      expect(await bench.spool.prune(Date.now() + 60_000, 15)).toBe(3);
      expect(await bench.spool.task('a')).toBeNull();
      expect((await bench.spool.task('b'))?.raw).not.toBeNull();
      expect((await bench.spool.task('c'))?.raw).not.toBeNull();
      expect((await bench.ledger.entries('u1', 9)).map(({ at }) => at)).toEqual([20]);
      expect(await bench.ledger.marked('old')).toBe(false);
    });

    it('prune thousands of tasks', async () => {
      const names = Array.from({ length: 1300 }, (_, n) => `n${n}`);
      await bench.spool.put(names.map((id) => newTask({ id, lane: 'l' })));
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { done: names });
      expect(await bench.spool.prune(Date.now() + 60_000, 0)).toBe(1300);
    });

    it('probe the database', async () => {
      await expect(bench.spool.probe()).resolves.toBeUndefined();
    });
  });
}
