// Answers are written into the event: in one PUT, after conflicts and outages, and only once even if a process dies. Also: what a
// batch of records about one copy loads, writes, adds and reports to the owner.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { Changes, CopyContext } from '../../../src/flow/ports/spool.ts';
import { address, alice, bob, carol, dave } from '../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../one-event.ts';
import { answer, from, idOf, lane, mailing, NOW, records, runBatch } from './run-batch.ts';

describe('writing answers', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('answers that are due together are written in one PUT and reported in one mail', async () => {
    await kit.answer('ACCEPTED');
    await kit.answer('DECLINED', { attendee: carol });
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(
      event()
        .replace(/NEEDS-ACTION(.*bob)/, 'ACCEPTED$1')
        .replace(/NEEDS-ACTION(.*carol)/, 'DECLINED$1'),
    );
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
  });

  it('an answer is decided again after a conflict, on what the other client wrote', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      kit.calendar.put(uid, event().replace('SUMMARY:Planning', 'SUMMARY:Planning, moved to the garden'));
      return null;
    };
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('SUMMARY:Planning, moved to the garden');
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer is written once although the response to the PUT was lost', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(await kit.reasons(uid)).toContain('applied applied');
  });

  it('an answer has the same outcome after a crash between the PUT and the commit', async () => {
    await kit.answer('ACCEPTED', { date: kit.clock.now - 2_000 });
    await kit.answer('DECLINED', { date: kit.clock.now - 1_000 });
    await kit.settle(['incoming']);
    const batch = await kit.claim(kit.clock.now);
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    // The process dies here: nothing is committed, and the lease expires.
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    const reasons = await kit.reasons(uid);
    expect(reasons.filter((reason) => reason.startsWith('held'))).toEqual([]);
    expect(reasons.filter((reason) => reason === 'applied applied')).toHaveLength(1);
  });

  it('an answer is kept during an outage of the CalDAV server', async () => {
    kit.calendar.isDown = true;
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.calendar.isDown = false;
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer from the RSVP page is decided in the same way', async () => {
    const id = await kit.click(uid, bob, 'TENTATIVE');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect(await kit.reasons(id)).toEqual(['applied applied', 'mailed notice']);
  });
});

describe('a batch of records about one copy', () => {
  const rereads = ({ add = [] }: Changes) =>
    add
      .filter(({ body }) => body.includes('"kind":"verify"'))
      .map(({ body, dueAt }) => ({ ...JSON.parse(body), dueAt }));
  it.each([
    { of: ['answer'], attendees: [bob.key] },
    { of: ['proposal'], attendees: [carol.key] },
    { of: ['delegation'], attendees: [bob.key] },
    { of: ['refresh'], attendees: [carol.key] },
    { of: ['undeliverable'], attendees: [dave.key] },
    { of: ['notice'], attendees: [] },
    { of: ['answer', 'approved', 'delegation', 'refresh'], attendees: [bob.key, carol.key] },
    { of: ['verify'], attendees: null },
    { of: ['answer', 'verify'], attendees: null },
  ] as const)('of $of gets the history of $attendees', async ({ of, attendees }) => {
    const { calls } = await runBatch({ batch: of.map((name) => records[name]) });
    expect(calls[0]).toEqual([alice.key, uid, attendees]);
  });

  it.each([
    { of: ['answer'], expected: [lane] },
    { of: ['approved'], expected: [lane] },
    { of: ['held', 'answer'], expected: [lane] },
    { of: ['held'], expected: [] },
    { of: ['approvedDelegation'], expected: [] },
    { of: ['verify', 'undeliverable', 'notice'], expected: [] },
  ] as const)('of $of counts as a write for batching: $expected', async ({ of, expected }) => {
    const { begun } = await runBatch({ batch: of.map((name) => records[name]) });
    expect(begun).toEqual(expected);
  });

  it('plans in a fixed order of kinds, and by age within a kind', async () => {
    const { notice, refresh, proposal, delegation, undeliverable, verify } = records;
    const batch = [notice, refresh, proposal, delegation, undeliverable, answer(carol), answer(bob), verify];
    const { changes } = await runBatch({ batch });
    const entries = changes.ledger?.flatMap((write) => (write.kind === 'entry' ? [write.entry.taskId] : []));
    const order = [answer(carol), answer(bob), undeliverable, delegation, proposal, refresh];
    expect(entries).toEqual(order.map(idOf));
    expect(changes.done?.[0]).toBe('verify');
    expect(changes.done?.at(-1)).toBe('notice');
  });

  it('is loaded from its place if one of its records needs it', async () => {
    const place = { ownerKey: alice.key, uid, href: '/cal/known.ics' };
    const { found, changes } = await runBatch({ batch: [records.held, answer(carol)], context: { place } });
    expect(found).toEqual([`${alice.key} ${uid} /cal/known.ics`]);
    expect([changes.done, changes.hold?.length]).toEqual([[`answer-${carol.key}`], 1]);
    expect((await runBatch({ batch: [answer(carol)] })).found).toEqual([`${alice.key} ${uid} null`]);
  });

  it('that is empty is refused', async () => {
    await expect(runBatch({ batch: [] })).rejects.toMatchObject({ code: 'internal' });
  });

  describe('is re-read', () => {
    it('a second after a write, for the first time', async () => {
      const { changes } = await runBatch({ batch: [records.answer] });
      expect(rereads(changes)).toMatchObject([{ owner: alice, uid, round: 0, dueAt: NOW + 1_000 }]);
    });

    it.each([
      { lateMs: 2_000, delay: 21_000 },
      { lateMs: 2_999, delay: 30_990 },
      { lateMs: 60_000, delay: 31_000 },
      { lateMs: -5_000, delay: 1_000 },
    ])('after $delay ms if its answers are $lateMs ms late', async ({ lateMs, delay }) => {
      const { changes } = await runBatch({ batch: [records.answer], dueAt: NOW - lateMs });
      expect(rereads(changes)).toMatchObject([{ dueAt: NOW + delay }]);
    });

    it('not later because another record is late', async () => {
      const { changes } = await runBatch({
        batch: [{ ...records.undeliverable, recipient: bob }],
        dueAt: NOW - 60_000,
      });
      expect(rereads(changes)).toMatchObject([{ dueAt: NOW + 1_000 }]);
    });

    it.each(['held', 'notice', 'refresh', 'verify'] as const)('not after %s, which writes nothing', async (name) => {
      const { changes, calls } = await runBatch({ batch: [records[name]] });
      expect([rereads(changes), calls.includes('write')]).toEqual([[], false]);
    });

    it('not if there is no event, and the re-read is done', async () => {
      const { changes } = await runBatch({ batch: [records.verify], stored: null });
      expect([changes.done, changes.add, changes.ledger]).toEqual([['verify'], [], []]);
    });

    it('in the next round after answers were restored, and never after the fifth', async () => {
      const first = await runBatch({ batch: [records.answer] });
      const applied = first.changes.ledger?.flatMap((write) => (write.kind === 'applied' ? [write.answer] : [])) ?? [];
      expect(applied).toHaveLength(1);
      for (const [round, next] of [
        [0, 1],
        [3, 4],
        [4, null],
        [9, null],
      ] as const) {
        const batch = [records.verify, { ...records.verify, round }];
        const { changes, calls } = await runBatch({ batch, ids: ['v1', 'v2'], context: { applied } });
        expect(calls.filter((call) => call === 'write')).toHaveLength(1);
        expect(rereads(changes).map((body) => body.round)).toEqual(next === null ? [] : [next]);
        expect(changes.done).toEqual(['v1', 'v2']);
        const last = next === null ? ', the last one' : '';
        const detail = expect.stringContaining(`(attempt ${round + 1}${last})`);
        const entry = { taskId: 'v1', verdict: 'applied', reason: 'overwritten', attendee: bob.key, detail };
        expect(changes.ledger).toEqual([
          { kind: 'entry', entry: expect.objectContaining(entry) },
          { kind: 'place', place: { ownerKey: alice.key, uid, href: '/cal/a.ics' } },
        ]);
      }
    });
  });

  describe('reports to the owner', () => {
    const failing = answer(dave, { held: 'unauthenticated', approved: true });

    it('all answers, all notices of a digest and all failed decisions together, and everything else separately', async () => {
      const digest = [records.notice, { ...records.notice, origin: from('notice-2') }];
      const others = [records.proposal, records.delegation, records.undeliverable];
      const failed = [failing, answer(address('eve@remote.test'), { held: 'unauthenticated', approved: true })];
      const batch = [...digest, ...others, ...failed, answer(bob), answer(carol)];
      const { told, changes } = await runBatch({
        batch,
        context: { mailings: [mailing({ recipientKey: carol.key })] },
      });
      expect(told.map(([notices, , recordId, when]) => [notices, recordId, when])).toEqual([
        [['answer', 'answer'], `answer-${bob.key}`, 'by-setting'],
        [['undeliverable'], 'undeliverable', 'by-setting'],
        [['delegation'], 'delegation', 'by-setting'],
        [['proposal'], 'proposal', 'by-setting'],
        [['not-entered', 'not-entered'], 'notice', 'now'],
        [['not-entered', 'not-entered'], `answer-${dave.key}`, 'by-setting'],
      ]);
      expect(changes.done).toHaveLength(7);
    });

    it('the event as it was written, else as last mailed, else unknown', async () => {
      const moved = event([], 1);
      const mailings = [mailing(), mailing({ id: 'm2' }), mailing({ id: 'm3', calendar: moved })];
      const written = await runBatch({ batch: [records.answer], context: { mailings } });
      expect(written.told[0]?.[1]).toContain('PARTSTAT=ACCEPTED');
      const missing = { batch: [records.notice], stored: null };
      expect((await runBatch({ ...missing, context: { mailings } })).told[0]?.[1]).toBe(moved);
      expect((await runBatch(missing)).told[0]?.[1]).toBeNull();
    });
  });

  it('records where the copy is stored, if that is new', async () => {
    const place = (href: string | null) => ({ place: { ownerKey: alice.key, uid, href } });
    const places = async (context: Partial<CopyContext>, stored?: null) =>
      (await runBatch({ batch: [records.answer], context, ...(stored === null && { stored }) })).changes.ledger?.filter(
        ({ kind }) => kind === 'place',
      );
    const isNew = [{ kind: 'place', ...place('/cal/a.ics') }];
    expect(await places({})).toEqual(isNew);
    expect(await places(place(null))).toEqual(isNew);
    expect(await places(place('/cal/old.ics'))).toEqual(isNew);
    expect(await places(place('/cal/a.ics'))).toEqual([]);
    expect(await places(place('/cal/old.ics'), null)).toEqual([]);
  });

  it('has the same result after conflicts, because plans change nothing', async () => {
    const failing = answer(dave, { held: 'unauthenticated', approved: true });
    const batch = [
      ...Object.values(records).filter((record) => record !== records.held),
      { ...records.proposal, origin: from('declined'), declined: true },
      answer(carol, { answer: { ...answer(carol).answer, partstat: 'DELEGATED', delegatedTo: [dave] } }),
      failing,
    ];
    const context = { mailings: [mailing(), mailing({ id: 'm2', recipientKey: carol.key })] };
    const once = await runBatch({ batch, context });
    const thrice = await runBatch({ batch, context, writes: [{ kind: 'conflict' }, { kind: 'gone' }] });
    expect(thrice.calls.filter((call) => call === 'write')).toHaveLength(3);
    expect(thrice.changes).toEqual(once.changes);
    expect(thrice.told).toEqual(once.told);
    expect(thrice.begun).toEqual(once.begun);
  });

  describe('during an outage of the CalDAV server', () => {
    const away = new GatewayError('caldav-unreachable', 'away', { temporary: true });
    const refused = new GatewayError('caldav-refused', '403');

    it.each(['answer', 'approved', 'verify', 'undeliverable', 'refresh'] as const)('waits with %s', async (name) => {
      for (const down of [away, refused]) {
        await expect(runBatch({ batch: [records[name], records.notice], down, attempts: 100 })).rejects.toBe(down);
      }
    });

    it.each(['notice', 'proposal', 'delegation'] as const)(
      'processes %s without the copy after eight attempts',
      async (name) => {
        const batch = [records[name]];
        await expect(runBatch({ batch, down: away, attempts: 7 })).rejects.toBe(away);
        expect((await runBatch({ batch, down: away, attempts: 8 })).told).toHaveLength(1);
        expect((await runBatch({ batch, down: refused })).told).toHaveLength(1);
        const bug = new TypeError('x') as unknown as GatewayError;
        await expect(runBatch({ batch, down: bug, attempts: 100 })).rejects.toBe(bug);
      },
    );

    it('needs no copy to hold an answer', async () => {
      const { calls } = await runBatch({ batch: [records.held], down: away });
      expect(calls).not.toContain('find');
    });
  });
});
