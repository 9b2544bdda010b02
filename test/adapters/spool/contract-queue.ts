// The contract of the queue: put, claim, renew, wake and commit.
import { describe, expect, it } from 'vitest';
import type { Bench } from './contract.ts';
import { idsOf, newEntry, newTask } from './records.ts';

export function describeQueue(bench: Bench): void {
  describe('put', () => {
    it("stores every field and the bytes, and leaves the caller's buffer usable", async () => {
      const raw = Buffer.from('Subject: é\r\n\r\n\0\u00ff');
      const task = newTask({ queue: 'incoming', body: '{"a":"ü"}', raw, dueAt: 5, createdAt: 4 });
      await bench.spool.put([task]);
      expect(raw.length).toBeGreaterThan(10);
      const kept = await bench.spool.task(task.id);
      expect(kept).toEqual({
        ...task,
        calendar: null,
        raw: expect.anything(),
        attempts: 0,
        lastError: null,
        state: 'waiting',
      });
      expect(Buffer.from(kept!.raw!)).toEqual(raw);
    });

    it('skips a known id', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l', body: '1' })]);
      await bench.spool.put([newTask({ id: 'a', lane: 'l', body: '2' })]);
      expect((await bench.spool.task('a'))?.body).toBe('1');
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { done: ['a'] });
      await bench.spool.put([newTask({ id: 'a', lane: 'l', body: '3' })]);
      expect(await bench.claim('event')).toEqual([]);
    });

    it('stores tasks and marks durably', async () => {
      await bench.spool.put([newTask({ id: 'a' })], [{ kind: 'mark', mark: 'm', at: 1 }]);
      await bench.reopen();
      expect((await bench.spool.task('a'))?.state).toBe('waiting');
      expect(await bench.ledger.marked('m')).toBe(true);
    });

    it('accepts many concurrent calls', async () => {
      const puts = Array.from({ length: 50 }, (_, n) =>
        bench.spool.put([newTask({ id: `p${n}`, lane: 'same' }), newTask({ id: `q${n}`, lane: `own-${n}` })]),
      );
      await Promise.all(puts);
      const [event] = await bench.spool.status().then((all) => all.filter(({ queue }) => queue === 'event'));
      expect(event?.waiting).toBe(100);
      const batches = await bench.claim('event', { lanes: 100, perLane: 100 });
      expect(batches.flatMap((batch) => idsOf(batch.tasks))).toHaveLength(100);
    });

    it('returns null for an unknown task', async () => {
      expect(await bench.spool.task('nothing')).toBeNull();
    });
  });

  describe('claim', () => {
    it('returns only due lanes, oldest task first, no more tasks than requested', async () => {
      await bench.spool.put([
        newTask({ id: 'a1', lane: 'a' }),
        newTask({ id: 'b1', lane: 'b', dueAt: 101 }),
        newTask({ id: 'a2', lane: 'a' }),
        newTask({ id: 'a3', lane: 'a' }),
      ]);
      const { lease, tasks: claimed } = await bench.claimOne('event', { perLane: 2 });
      expect(lease).toEqual({ queue: 'event', lane: 'a', fence: expect.any(Number) });
      expect(idsOf(claimed)).toEqual(['a1', 'a2']);
      expect(idsOf((await bench.claimOne('event', { now: 101 })).tasks)).toEqual(['b1']);
    });

    it('returns no more lanes than requested, the earliest due first', async () => {
      await bench.spool.put([3, 1, 2].map((dueAt) => newTask({ id: `d${dueAt}`, lane: `d${dueAt}`, dueAt })));
      const batches = await bench.claim('event', { lanes: 2 });
      expect(batches.map(({ lease }) => lease.lane).sort()).toEqual(['d1', 'd2']);
    });

    it('returns neither a leased lane nor a lane of another queue', async () => {
      await bench.spool.put([newTask({ lane: 'a' })]);
      await bench.claimOne('event');
      expect(await bench.claim('event')).toEqual([]);
      await bench.spool.put([newTask({ lane: 'a' })]);
      expect(await bench.claim('event')).toEqual([]);
      expect(await bench.claim('incoming')).toEqual([]);
    });

    it.each(['event', 'incoming'] as const)(
      'returns a due task of %s although an earlier one is not due',
      async (queue) => {
        await bench.spool.put([
          newTask({ id: 'a', queue, lane: 'l', dueAt: 200 }),
          newTask({ id: 'b', queue, lane: 'l', dueAt: 50 }),
        ]);
        expect(idsOf((await bench.claimOne(queue)).tasks)).toEqual(['b']);
      },
    );

    it.each(['invitation', 'outgoing'] as const)('keeps %s strictly in order', async (queue) => {
      await bench.spool.put([
        newTask({ id: 'a', queue, lane: 'l', dueAt: 200 }),
        newTask({ id: 'b', queue, lane: 'l', dueAt: 50 }),
      ]);
      expect(await bench.claim(queue)).toEqual([]);
      expect(await bench.spool.nextDue(queue)).toBe(200);
      expect(idsOf((await bench.claimOne(queue, { now: 200 })).tasks)).toEqual(['a', 'b']);
    });

    it.each(['invitation', 'outgoing'] as const)(
      'blocks a lane of %s behind a task that will be retried',
      async (queue) => {
        await bench.spool.put(['a', 'b'].map((id) => newTask({ id, queue, lane: 'l' })));
        const { lease } = await bench.claimOne(queue);
        await bench.spool.commit(lease, { retry: [{ id: 'a', dueAt: 500, error: '451' }] });
        await bench.spool.put([newTask({ id: 'c', queue, lane: 'l' })]);
        expect(await bench.claim(queue)).toEqual([]);
        expect(idsOf((await bench.claimOne(queue, { now: 500 })).tasks)).toEqual(['a', 'b', 'c']);
      },
    );

    it('continues with other lanes if a ready lane has no due task', async () => {
      await bench.spool.put([
        newTask({ id: 'first', queue: 'outgoing', lane: 'l' }),
        newTask({ id: 'second', queue: 'outgoing', lane: 'l', dueAt: 300 }),
        newTask({ id: 'other', queue: 'outgoing', lane: 'm', dueAt: 60 }),
      ]);
      const [batch] = await bench.claim('outgoing', { lanes: 1, now: 10 });
      await bench.spool.commit(batch!.lease, { done: ['first'] });
      expect(idsOf((await bench.claimOne('outgoing', { lanes: 1 })).tasks)).toEqual(['other']);
    });

    it('takes a lane over only after its lease has expired', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' })]);
      const lost = (await bench.claimOne('event', { leaseMs: 50 })).lease;
      expect(await bench.claim('event', { now: 149 })).toEqual([]);
      expect(await bench.spool.nextDue('event')).toBe(150);
      const { lease } = await bench.claimOne('event', { now: 150 });
      expect(lease.fence).not.toBe(lost.fence);
      expect(await bench.spool.renew(lost, 1000, 151)).toBe(false);
      expect(await bench.spool.commit(lost, { done: ['a'], add: [newTask({ id: 'x' })] })).toBe(false);
      expect(await bench.spool.task('x')).toBeNull();
      expect((await bench.spool.task('a'))?.state).toBe('waiting');
      expect(await bench.spool.commit(lease, { done: ['a'] })).toBe(true);
    });

    it('returns tasks that wait for a server as soon as it is back, the oldest first', async () => {
      await bench.spool.put(['a', 'b', 'c', 'd'].map((id) => newTask({ id, lane: id })));
      for (const { lease, tasks } of await bench.claim('event')) {
        const [{ id } = { id: '' }] = tasks;
        const waitsFor = id === 'd' ? null : id === 'c' ? 'other' : 'server';
        await bench.spool.commit(lease, { retry: [{ id, dueAt: 900, error: 'unreachable', waitsFor }] });
      }
      expect(await bench.claim('event', { now: 500 })).toEqual([]);
      expect(await bench.spool.wake('server', 1, 500)).toBe(1);
      expect(await bench.spool.nextDue('event')).toBe(500);
      expect(idsOf((await bench.claimOne('event', { now: 500 })).tasks)).toEqual(['a']);
      expect(await bench.spool.wake('server', 9, 500)).toBe(1);
      expect(idsOf((await bench.claimOne('event', { now: 500 })).tasks)).toEqual(['b']);
      expect(await bench.spool.wake('server', 9, 500)).toBe(0);
      expect(await bench.spool.task('a')).toMatchObject({ attempts: 1, lastError: 'unreachable' });
      expect(await bench.spool.task('c')).toMatchObject({ dueAt: 900 });
    });

    it('never delays a task by waking it, wakes a leased lane after its commit, and skips ended tasks', async () => {
      await bench.spool.put(['a', 'b', 'c'].map((id) => newTask({ id, lane: 'l' })));
      const waitsFor = 'server';
      const first = await bench.claimOne('event', { perLane: 3 });
      const retry = ['a', 'b', 'c'].map((id, at) => ({ id, dueAt: 300 + 100 * at, error: 'unreachable', waitsFor }));
      await bench.spool.commit(first.lease, { retry });
      const { lease } = await bench.claimOne('event', { now: 300 });
      await bench.spool.commit(lease, { done: ['a'] });
      const second = (await bench.claimOne('event', { now: 400 })).lease;
      expect(await bench.spool.wake('server', 9, 450)).toBe(2);
      expect(await bench.claim('event', { now: 460 })).toEqual([]);
      await bench.spool.commit(second, {});
      const { tasks } = await bench.claimOne('event', { now: 460, perLane: 3 });
      expect(tasks.map(({ id, dueAt }) => [id, dueAt])).toEqual([
        ['b', 400],
        ['c', 450],
      ]);
    });

    it('returns tasks that are due too far in the future, because the clock was set back', async () => {
      await bench.spool.put([
        newTask({ id: 'a', lane: 'l', dueAt: 50_000 }),
        newTask({ id: 'b', lane: 'l', dueAt: 1_100 }),
        newTask({ id: 'c', lane: 'm', dueAt: 1_101 }),
        newTask({ id: 'd', lane: 'n', dueAt: 1_100 }),
        newTask({ id: 'e', queue: 'outgoing', lane: 'o', dueAt: 50_000 }),
        newTask({ id: 'f', queue: 'outgoing', lane: 'o', dueAt: 10 }),
      ]);
      const longest = { longestWaitMs: 1_000 };
      const { lease, tasks } = await bench.claimOne('event', longest);
      expect(idsOf(tasks)).toEqual(['c']);
      await bench.spool.commit(lease, { retry: [{ id: 'c', dueAt: 60_000, error: '503' }] });
      const again = await bench.claimOne('event', longest);
      expect(idsOf(again.tasks)).toEqual(['c']);
      await bench.spool.commit(again.lease, { done: ['c'] });
      const rest = await bench.claim('event', { ...longest, now: 1_100 });
      expect(rest.flatMap((batch) => idsOf(batch.tasks)).sort()).toEqual(['a', 'b', 'd']);
      expect(idsOf((await bench.claimOne('outgoing', longest)).tasks)).toEqual(['e', 'f']);
    });

    it.each([
      ['back', 5_000_000, 100],
      ['forward', 100, 5_000_000],
    ])('does not take over the lease of a running worker if the clock is set %s', async (_, before, after) => {
      await bench.spool.put(['a', 'b'].map((id) => newTask({ id, lane: id })));
      const leases = new Map((await bench.claim('event', { now: before })).map(({ lease }) => [lease.lane, lease]));
      const longest = { longestWaitMs: 2_000 };
      expect(await bench.claim('event', { ...longest, now: after })).toEqual([]);
      expect(await bench.spool.renew(leases.get('a')!, 1_000, after + 500)).toBe(true);
      // The other lease is not renewed.
      expect(await bench.spool.nextDue('event')).toBe(after + 1_000);
      expect(idsOf((await bench.claimOne('event', { ...longest, now: after + 1_000 })).tasks)).toEqual(['b']);
      expect(await bench.spool.commit(leases.get('b')!, { done: ['b'] })).toBe(false);
      expect(await bench.spool.commit(leases.get('a')!, { done: ['a'] })).toBe(true);
    });

    it('returns every task in a few claims after the clock was set back', async () => {
      await bench.spool.put(Array.from({ length: 30 }, (_, n) => newTask({ lane: `l${n}`, dueAt: 5_000_000 + n })));
      const found: string[] = [];
      for (let claims = 0; claims < 3; claims += 1) {
        for (const { lease, tasks } of await bench.claim('event', { longestWaitMs: 1_000 })) {
          found.push(...idsOf(tasks));
          await bench.spool.commit(lease, { done: idsOf(tasks) });
        }
      }
      expect(new Set(found).size).toBe(30);
      expect(await bench.spool.nextDue('event')).toBeNull();
    });

    it('does not return a lane whose lease is renewed', async () => {
      await bench.spool.put([newTask({ id: 'a' })]);
      const { lease } = await bench.claimOne('event', { leaseMs: 50 });
      expect(await bench.spool.renew(lease, 500, 140)).toBe(true);
      expect(await bench.claim('event', { now: 600 })).toEqual([]);
      expect(await bench.claim('event', { now: 640 })).toHaveLength(1);
    });

    it('gives each lane to only one of many concurrent claims', async () => {
      await bench.spool.put(Array.from({ length: 40 }, (_, n) => newTask({ lane: `l${n}` })));
      const claims = await Promise.all(Array.from({ length: 8 }, () => bench.claim('event', { lanes: 5 })));
      const lanes = claims.flat().map(({ lease }) => lease.lane);
      expect(new Set(lanes).size).toBe(lanes.length);
      const rest = await bench.claim('event', { lanes: 40 });
      expect(lanes.length + rest.length).toBe(40);
    });

    it('returns only a few large mails at a time', async () => {
      const raw = new Uint8Array(12 * 1024 * 1024).fill(65);
      for (let n = 0; n < 4; n += 1) await bench.spool.put([newTask({ queue: 'incoming', raw })]);
      const batches = await bench.claim('incoming');
      expect(batches).toHaveLength(3);
      expect(await bench.claim('incoming')).toHaveLength(1);
    });
  });

  describe('commit', () => {
    it('ends, retries, holds and adds tasks and writes the ledger in one transaction', async () => {
      await bench.spool.put(['a', 'b', 'c', 'd'].map((id) => newTask({ id, lane: 'l' })));
      const { lease } = await bench.claimOne('event');
      const kept = await bench.spool.commit(lease, {
        done: ['a'],
        retry: [{ id: 'b', dueAt: 300, error: 'caldav-unreachable' }],
        hold: [{ id: 'c', reason: 'unauthenticated', key: 'k' }],
        add: [newTask({ id: 'e', queue: 'outgoing', lane: 'o', raw: Buffer.from('mail') })],
        ledger: [{ kind: 'entry', entry: newEntry() }],
      });
      expect(kept).toBe(true);
      expect((await bench.spool.task('a'))?.state).toBe('done');
      expect(await bench.spool.task('b')).toMatchObject({
        state: 'waiting',
        attempts: 1,
        dueAt: 300,
        lastError: 'caldav-unreachable',
      });
      expect(await bench.spool.task('c')).toMatchObject({ state: 'held', lastError: 'unauthenticated' });
      expect(idsOf(await bench.spool.held('k'))).toEqual(['c']);
      const createdAt = (await bench.spool.task('c'))?.createdAt ?? 0;
      const reasons = ['proposal', 'unauthenticated'] as const;
      expect(idsOf(await bench.spool.heldBefore(reasons, createdAt + 1, 9))).toEqual(['c']);
      expect(await bench.spool.heldBefore(reasons, createdAt, 9)).toEqual([]);
      expect(await bench.spool.heldBefore(['proposal'], createdAt + 1, 9)).toEqual([]);
      expect(await bench.ledger.recent(9)).toHaveLength(1);
      const out = await bench.claimOne('outgoing');
      expect(Buffer.from(out.tasks[0]!.raw!).toString()).toBe('mail');
      expect(idsOf((await bench.claimOne('event')).tasks)).toEqual(['d']);
    });

    it('succeeds only once per lease', async () => {
      await bench.spool.put([newTask({ id: 'a' }), newTask({ id: 'b', lane: 'lane-a' })]);
      const { lease } = await bench.claimOne('event');
      expect(await bench.spool.commit(lease, { done: ['a'] })).toBe(true);
      expect(await bench.spool.commit(lease, { done: ['b'] })).toBe(false);
      expect((await bench.spool.task('b'))?.state).toBe('waiting');
    });

    it('changes neither a task of another lane nor an ended task', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' }), newTask({ id: 'b', lane: 'm' })]);
      const batches = await bench.claim('event');
      const [l, m] = ['l', 'm'].map((lane) => batches.find((batch) => batch.lease.lane === lane)!.lease);
      await bench.spool.commit(l!, { done: ['a', 'b'] });
      expect((await bench.spool.task('b'))?.state).toBe('waiting');
      await bench.spool.commit(m!, { done: ['b'], retry: [{ id: 'a', dueAt: 0, error: 'late' }] });
      expect((await bench.spool.task('a'))?.state).toBe('done');
    });

    it('keeps a task that was put into its lane in the meantime', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' })]);
      const { lease } = await bench.claimOne('event');
      await bench.spool.put([newTask({ id: 'b', lane: 'l' })]);
      await bench.spool.commit(lease, { done: ['a'] });
      expect(idsOf((await bench.claimOne('event')).tasks)).toEqual(['b']);
    });

    it('adds tasks to its own lane', async () => {
      await bench.spool.put([newTask({ id: 'a', lane: 'l' })]);
      const { lease } = await bench.claimOne('event');
      await bench.spool.commit(lease, { done: ['a'], add: [newTask({ id: 'b', lane: 'l', dueAt: 400 })] });
      expect(await bench.spool.nextDue('event')).toBe(400);
      expect(idsOf((await bench.claimOne('event', { now: 400 })).tasks)).toEqual(['b']);
    });

    it('loses no task in a race with put', async () => {
      for (let round = 0; round < 20; round += 1) {
        await bench.spool.put([newTask({ id: `x${round}`, lane: 'l' })]);
        const { lease, tasks: claimed } = await bench.claimOne('event');
        const racing = [newTask({ id: `y${round}`, lane: 'l' }), newTask({ id: `z${round}`, lane: 'l' })];
        await Promise.all([
          bench.spool.put([racing[0]!]),
          bench.spool.commit(lease, { done: idsOf(claimed) }),
          bench.spool.put([racing[1]!]),
        ]);
        const rest = await bench.claimOne('event');
        expect(idsOf(rest.tasks).sort()).toEqual([`y${round}`, `z${round}`]);
        await bench.spool.commit(rest.lease, { done: idsOf(rest.tasks) });
      }
    });
  });
}
