// Answers are written into the event: in one PUT, after conflicts and outages, and only once even if a process dies. Also: what a
// batch of records about one copy loads, writes, adds and reports to the owner.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { Changes, CopyContext, Mailing, NewTask } from '../../../src/flow/ports/spool.ts';
import type { FoundEvent, WriteResult } from '../../../src/flow/ports/calendar-store.ts';
import { processCopy } from '../../../src/flow/copies/process-copy.ts';
import type { NoticeMail } from '../../../src/flow/outbound/mail-notice.ts';
import type { AnswerRecord } from '../../../src/flow/records/answer.ts';
import { type EventRecord, type Job, recordTask } from '../../../src/flow/records/records.ts';
import { newMailing } from '../../adapters/spool/records.ts';
import { address, alice, bob, carol, dave } from '../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../one-event.ts';

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
  const NOW = Date.UTC(2027, 0, 10, 12);
  const lane = `${alice.key}\u001f${uid}`;
  const from = (recordId: string) => ({ recordId, door: 'smtp', messageId: null });

  const answer = (attendee: typeof bob, over: Partial<AnswerRecord> = {}): AnswerRecord => ({
    kind: 'answer',
    origin: from(`answer-${attendee.key}`),
    answer: {
      component: 'VEVENT',
      occurrence: { uid, recurrenceId: null },
      range: null,
      start: null,
      attendee,
      organizer: alice,
      partstat: 'ACCEPTED',
      comment: null,
      delegatedTo: [],
      revision: { sequence: 0, sentAt: NOW - 60_000 },
      door: 'smtp',
    },
    sender: attendee.asWritten,
    held: null,
    approved: false,
    ...over,
  });
  const records = {
    answer: answer(bob),
    held: answer(bob, { held: 'unauthenticated' }),
    approved: answer(bob, { held: 'unauthenticated', approved: true }),
    verify: { kind: 'verify', origin: from('verify'), owner: alice, uid, round: 0 },
    proposal: {
      kind: 'proposal',
      origin: from('proposal'),
      organizer: alice,
      attendee: carol,
      proposal: {
        kind: 'proposal',
        occurrence: { uid, recurrenceId: null },
        attendee: carol,
        organizer: alice,
        start: null,
        end: null,
        comment: null,
        sequence: 0,
        stampedAt: null,
      },
      sender: carol.asWritten,
      held: null,
      approved: false,
      declined: false,
    },
    delegation: {
      kind: 'delegation',
      origin: from('delegation'),
      organizer: alice,
      attendee: bob,
      delegate: dave,
      uid,
      recurrenceId: null,
      approved: false,
    },
    refresh: { kind: 'refresh', origin: from('refresh'), organizer: alice, attendee: carol, uid },
    undeliverable: {
      kind: 'undeliverable',
      origin: from('undeliverable'),
      owner: alice,
      recipient: dave,
      uid,
      method: 'REQUEST',
      diagnostic: '550 5.1.1 no such user',
    },
    notice: {
      kind: 'notice',
      origin: from('notice'),
      owner: alice,
      uid,
      notice: { kind: 'not-entered', attendee: carol, reason: 'failed' },
    },
  } as const satisfies Record<string, EventRecord>;

  interface Given {
    readonly batch: readonly EventRecord[];
    /** As stored; null: there is none. */
    readonly stored?: string | null;
    readonly context?: Partial<CopyContext>;
    readonly writes?: readonly WriteResult[];
    readonly dueAt?: number;
    readonly attempts?: number;
    readonly down?: GatewayError;
  }

  /** Processes the batch; task ids are the origins' record ids. */
  async function run({ batch, stored = event(), context = {}, writes = [], dueAt = NOW, attempts = 0, down }: Given) {
    const calls: unknown[] = [];
    const told: (readonly [notices: readonly string[], calendar: string | null, recordId: string, when: string])[] = [];
    const begun: string[] = [];
    const results = [...writes];
    const find = async (): Promise<FoundEvent> => {
      calls.push('find');
      if (down !== undefined) throw down;
      if (stored === null) return { kind: 'none' };
      return { kind: 'found', event: { href: '/cal/a.ics', etag: '"1"', text: stored, lastModified: null } };
    };
    const process = processCopy({
      store: {
        find,
        write: async () => {
          calls.push('write');
          return results.shift() ?? { kind: 'written', etag: null };
        },
        close: async () => undefined,
      },
      ledger: {
        copyContext: async (...asked: unknown[]) => {
          calls.push(asked);
          return { place: null, applied: [], mailings: [], ...context };
        },
      } as unknown as Parameters<typeof processCopy>[0]['ledger'],
      notifyOrganizer: ({ notices, calendar, origin }: NoticeMail, when = 'by-setting'): NewTask[] => {
        told.push([notices.map(({ kind }) => kind), calendar, origin.recordId, when]);
        return [];
      },
      writeBatching: { begin: (of) => void begun.push(of), dueAt: () => NOW },
      expand: () => Promise.reject(new TypeError('nothing to expand')),
      makeDecisionLink: async (key) => `https://calendar.example.com/${key.length}`,
      makeId: () => 'new',
      now: () => NOW,
    });
    const jobs = batch.map((body): Job<EventRecord['kind']> => {
      const task = recordTask(body, { id: body.origin.recordId, createdAt: NOW, dueAt });
      return { task: { ...task, attempts, lastError: null }, body } as Job<EventRecord['kind']>;
    });
    const changes = await process(jobs);
    return { changes, calls, told, begun };
  }

  const rereads = ({ add = [] }: Changes) =>
    add
      .filter(({ body }) => body.includes('"kind":"verify"'))
      .map(({ body, dueAt }) => ({ ...JSON.parse(body), dueAt }));
  const mailing = (over: Partial<Mailing> = {}): Mailing =>
    newMailing({
      ownerKey: alice.key,
      uid,
      recipientKey: bob.key,
      calendar: event(),
      mailedAt: NOW - 120_000,
      ...over,
    });

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
    const { calls } = await run({ batch: of.map((name) => records[name]) });
    expect(calls[0]).toEqual([alice.key, uid, attendees]);
  });

  it.each([
    { of: ['answer'], expected: [lane] },
    { of: ['approved'], expected: [lane] },
    { of: ['held', 'answer'], expected: [lane] },
    { of: ['held'], expected: [] },
    { of: ['verify', 'undeliverable', 'notice'], expected: [] },
  ] as const)('of $of counts as a write for batching: $expected', async ({ of, expected }) => {
    const { begun } = await run({ batch: of.map((name) => records[name]) });
    expect(begun).toEqual(expected);
  });

  it('plans in a fixed order of kinds, and by age within a kind', async () => {
    const { notice, refresh, proposal, delegation, undeliverable, verify } = records;
    const batch = [notice, refresh, proposal, delegation, undeliverable, answer(carol), answer(bob), verify];
    const { changes } = await run({ batch });
    const entries = changes.ledger?.flatMap((write) => (write.kind === 'entry' ? [write.entry.taskId] : []));
    const order = [answer(carol), answer(bob), undeliverable, delegation, proposal, refresh];
    expect(entries).toEqual(order.map(({ origin }) => origin.recordId));
    expect(changes.done?.[0]).toBe('verify');
    expect(changes.done?.at(-1)).toBe('notice');
  });

  it('that is empty is refused', async () => {
    await expect(run({ batch: [] })).rejects.toMatchObject({ code: 'internal' });
  });

  describe('is re-read', () => {
    it('a second after a write, for the first time', async () => {
      const { changes } = await run({ batch: [records.answer] });
      const origin = { recordId: 'new', door: 'gateway', messageId: null };
      expect(rereads(changes)).toMatchObject([{ origin, owner: alice, uid, round: 0, dueAt: NOW + 1_000 }]);
    });

    it.each([
      { lateMs: 2_000, delay: 21_000 },
      { lateMs: 2_999, delay: 30_990 },
      { lateMs: 60_000, delay: 31_000 },
      { lateMs: -5_000, delay: 1_000 },
    ])('after $delay ms if its answers are $lateMs ms late', async ({ lateMs, delay }) => {
      const { changes } = await run({ batch: [records.answer], dueAt: NOW - lateMs });
      expect(rereads(changes)).toMatchObject([{ dueAt: NOW + delay }]);
    });

    it('not later because another record is late', async () => {
      const { changes } = await run({ batch: [{ ...records.undeliverable, recipient: bob }], dueAt: NOW - 60_000 });
      expect(rereads(changes)).toMatchObject([{ dueAt: NOW + 1_000 }]);
    });

    it.each(['held', 'notice', 'refresh', 'verify'] as const)('not after %s, which writes nothing', async (name) => {
      const { changes, calls } = await run({ batch: [records[name]] });
      expect([rereads(changes), calls.includes('write')]).toEqual([[], false]);
    });

    it('in the next round after answers were restored, and never after the fifth', async () => {
      const first = await run({ batch: [records.answer] });
      const applied = first.changes.ledger?.flatMap((write) => (write.kind === 'applied' ? [write.answer] : [])) ?? [];
      expect(applied).toHaveLength(1);
      for (const [round, next] of [
        [0, 1],
        [3, 4],
        [4, null],
        [9, null],
      ] as const) {
        const batch = [
          { ...records.verify, origin: from('v1') },
          { ...records.verify, origin: from('v2'), round },
        ];
        const { changes, calls } = await run({ batch, context: { applied } });
        expect(calls.filter((call) => call === 'write')).toHaveLength(1);
        expect(rereads(changes).map((body) => body.round)).toEqual(next === null ? [] : [next]);
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

  describe('tells the owner', () => {
    const failing = answer(dave, { held: 'unauthenticated', approved: true });

    it('all answers, all notices of a digest and all failed decisions together, and anything else by itself', async () => {
      const digest = [records.notice, { ...records.notice, origin: from('notice-2') }];
      const others = [records.proposal, records.delegation, records.undeliverable];
      const failed = [failing, answer(address('eve@remote.test'), { held: 'unauthenticated', approved: true })];
      const batch = [...digest, ...others, ...failed, answer(bob), answer(carol)];
      const { told, changes } = await run({ batch, context: { mailings: [mailing({ recipientKey: carol.key })] } });
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
      const mailings = [mailing(), mailing({ id: 'm2', calendar: moved })];
      const written = await run({ batch: [records.answer], context: { mailings } });
      expect(written.told[0]?.[1]).toContain('PARTSTAT=ACCEPTED');
      const missing = { batch: [records.notice], stored: null };
      expect((await run({ ...missing, context: { mailings } })).told[0]?.[1]).toBe(moved);
      expect((await run(missing)).told[0]?.[1]).toBeNull();
    });
  });

  it('records where the copy is stored, if that is new', async () => {
    const place = (href: string | null) => ({ place: { ownerKey: alice.key, uid, href } });
    const places = async (context: Partial<CopyContext>, stored?: null) =>
      (await run({ batch: [records.answer], context, ...(stored === null && { stored }) })).changes.ledger?.filter(
        ({ kind }) => kind === 'place',
      );
    const isNew = [{ kind: 'place', ...place('/cal/a.ics') }];
    expect(await places({})).toEqual(isNew);
    expect(await places(place(null))).toEqual(isNew);
    expect(await places(place('/cal/old.ics'))).toEqual(isNew);
    expect(await places(place('/cal/a.ics'))).toEqual([]);
    expect(await places(place('/cal/old.ics'), null)).toEqual([]);
  });

  it('has the same result after conflicts, because plans leave nothing behind', async () => {
    const failing = answer(dave, { held: 'unauthenticated', approved: true });
    const batch = [
      ...Object.values(records).filter((record) => record !== records.held),
      { ...records.delegation, origin: from('approved-delegation'), approved: true },
      { ...records.proposal, origin: from('declined'), declined: true },
      answer(carol, { answer: { ...answer(carol).answer, partstat: 'DELEGATED', delegatedTo: [dave] } }),
      failing,
    ];
    const context = { mailings: [mailing(), mailing({ id: 'm2', recipientKey: carol.key })] };
    const once = await run({ batch, context });
    const thrice = await run({ batch, context, writes: [{ kind: 'conflict' }, { kind: 'gone' }] });
    expect(thrice.calls.filter((call) => call === 'write')).toHaveLength(3);
    expect(thrice.changes).toEqual(once.changes);
    expect(thrice.told).toEqual(once.told);
    expect(thrice.begun).toEqual(once.begun);
  });

  describe('while the CalDAV server is away', () => {
    const away = new GatewayError('caldav-unreachable', 'away', { temporary: true });
    const refused = new GatewayError('caldav-refused', '403');

    it.each(['answer', 'approved', 'verify', 'undeliverable', 'refresh'] as const)('waits with %s', async (name) => {
      for (const down of [away, refused]) {
        await expect(run({ batch: [records[name], records.notice], down, attempts: 100 })).rejects.toBe(down);
      }
    });

    it.each(['notice', 'proposal', 'delegation'] as const)(
      'does without the copy for %s after eight tries',
      async (name) => {
        const batch = [records[name]];
        await expect(run({ batch, down: away, attempts: 7 })).rejects.toBe(away);
        expect((await run({ batch, down: away, attempts: 8 })).told).toHaveLength(1);
        expect((await run({ batch, down: refused })).told).toHaveLength(1);
        const bug = new TypeError('x') as unknown as GatewayError;
        await expect(run({ batch, down: bug, attempts: 100 })).rejects.toBe(bug);
      },
    );

    it('needs no copy to hold an answer', async () => {
      const { calls } = await run({ batch: [records.held], down: away });
      expect(calls).not.toContain('find');
    });
  });
});
