// The outcome of one answer: each decision with its ledger entry, its notices and further records.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { Answer } from '../../../../src/core/itip/types.ts';
import type { Changes } from '../../../../src/flow/ports/spool.ts';
import type { AnswerRecord } from '../../../../src/flow/records/answer.ts';
import { alice, bob, carol, dave } from '../../flow-kit.ts';
import { event, uid } from '../../one-event.ts';
import { answer, from, mailing, NOW, runBatch } from '../run-batch.ts';

const id = `answer-${bob.key}`;
const given = (over: Partial<Answer>, record: Partial<AnswerRecord> = {}): AnswerRecord =>
  answer(bob, { answer: { ...answer(bob).answer, ...over }, ...record });

function entries({ ledger = [] }: Changes, of = id): string[] {
  return ledger.flatMap((write) =>
    write.kind === 'entry' && write.entry.taskId === of
      ? [`${write.entry.verdict} ${write.entry.reason}: ${write.entry.detail}`]
      : [],
  );
}
const added = ({ add = [] }: Changes) => add.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const kindsOf = (changes: Changes) => added(changes).map(({ kind }) => kind);

const accepted = event().replace(/NEEDS-ACTION(.*bob)/, 'ACCEPTED$1');
/** An event that ended an hour before NOW. */
const over = event()
  .replace('DTEND:20270301T110000Z', 'DTEND:20270110T110000Z')
  .replace('20270301T100000Z', '20270110T100000Z');
const weekly = event(['RRULE:FREQ=WEEKLY']);

describe('an answer that is applied', () => {
  it('is recorded, ends the suppression of mail, and is reported to the owner', async () => {
    const { changes, told } = await runBatch({ batch: [given({ comment: 'Yes' })] });
    expect(changes.done).toEqual([id]);
    expect(entries(changes)).toEqual([`applied applied: Set PARTSTAT of ${bob.asWritten} to ACCEPTED.`]);
    expect(changes.ledger?.slice(1, 3)).toEqual([
      { kind: 'unsuppress', ownerKey: alice.key, recipientKey: bob.key },
      {
        kind: 'applied',
        ownerKey: alice.key,
        uid,
        answer: expect.objectContaining({ attendeeKey: bob.key, recurrenceId: null, partstat: 'ACCEPTED' }),
      },
    ]);
    expect(told.map(([notices]) => notices)).toEqual([['answer']]);
  });

  it('says so if the event has its PARTSTAT already, and writes nothing', async () => {
    const { changes, calls } = await runBatch({ batch: [given({})], stored: accepted });
    expect(entries(changes)).toEqual([
      `applied applied: The event already has PARTSTAT ACCEPTED for ${bob.asWritten}.`,
    ]);
    expect(calls).not.toContain('write');
  });

  it('is judged against those of the batch before it, and only the newest of an attendee counts', async () => {
    const older = given(
      { partstat: 'DECLINED', revision: { sequence: 0, sentAt: NOW - 90_000 } },
      { origin: from('older') },
    );
    const { changes } = await runBatch({ batch: [older, given({})] });
    const stale = `Superseded by a newer answer of ${bob.asWritten}, or by a later change of the event’s time.`;
    expect(entries(changes, 'older')).toEqual([`ignored stale: ${stale}`]);
    expect(entries(changes)).toHaveLength(1);
    expect(changes.done).toEqual(['older', id]);
  });

  it('to one occurrence is recorded for that occurrence', async () => {
    const recurrenceId = '20270308T100000Z';
    const expand = async () => ({ kind: 'occurrences', starts: [recurrenceId], complete: false }) as const;
    const batch = [given({ occurrence: { uid, recurrenceId } })];
    const { changes, notices } = await runBatch({ batch, stored: weekly, expand });
    const [entry, , applied] = changes.ledger ?? [];
    expect(entry).toMatchObject({ entry: { verdict: 'applied', recurrenceId } });
    expect(applied).toMatchObject({ kind: 'applied', answer: { recurrenceId } });
    expect(notices).toMatchObject([{ kind: 'answer', recurrenceId }]);
  });

  it('of a delegator adds a record for each delegate who is not listed, instead of the notice', async () => {
    const delegated = given({ partstat: 'DELEGATED', delegatedTo: [dave, carol] });
    const { changes, told } = await runBatch({ batch: [delegated] });
    const delegations = added(changes).filter(({ kind }) => kind === 'delegation');
    const body = {
      origin: from(id),
      organizer: alice,
      attendee: bob,
      delegate: dave,
      uid,
      recurrenceId: null,
      approved: false,
    };
    expect(delegations).toEqual([expect.objectContaining(body)]);
    expect(told).toEqual([]);
    const listed = await runBatch({ batch: [given({ partstat: 'DELEGATED', delegatedTo: [carol] })] });
    expect([kindsOf(listed.changes), listed.told.length]).toEqual([['verify'], 1]);
  });

  it('adds no delegate unless its PARTSTAT is DELEGATED', async () => {
    const { changes, told } = await runBatch({ batch: [given({ delegatedTo: [dave] })] });
    expect([kindsOf(changes), told.length]).toEqual([['verify'], 1]);
  });
});

describe('an answer that is not applied', () => {
  it('a second time is ignored', async () => {
    const first = await runBatch({ batch: [given({})] });
    const applied = first.changes.ledger?.flatMap((write) => (write.kind === 'applied' ? [write.answer] : [])) ?? [];
    const { changes, told } = await runBatch({ batch: [given({})], stored: accepted, context: { applied } });
    expect(entries(changes)).toEqual([`ignored duplicate: The same answer of ${bob.asWritten} was applied before.`]);
    expect([changes.done, told]).toEqual([[id], []]);
  });

  it('because the event is cancelled is refused, and reported to the owner only after a decision', async () => {
    const stored = event(['STATUS:CANCELLED']);
    const refused = `refused cancelled-event: The event is cancelled; the answer of ${bob.asWritten} was not applied.`;
    const plain = await runBatch({ batch: [given({})], stored });
    expect([entries(plain.changes), plain.told]).toEqual([[refused], []]);
    const approved = await runBatch({ batch: [given({}, { held: 'unauthenticated', approved: true })], stored });
    const notice = { kind: 'not-entered', attendee: bob, reason: 'cancelled-event' };
    expect([entries(approved.changes), approved.notices]).toEqual([[refused], [notice]]);
  });

  it('because its sender is not proven is held with a question, and the event is not loaded', async () => {
    const { changes, calls } = await runBatch({ batch: [given({}, { held: 'unauthenticated' })] });
    expect(entries(changes)).toEqual([`held unauthenticated: The sender is not proven to be ${bob.asWritten}.`]);
    expect(changes.hold).toMatchObject([{ id, reason: 'unauthenticated' }]);
    expect([kindsOf(changes), calls.length]).toEqual([['question'], 1]);
  });

  it('because the decision table holds it is held, but refused if the organizer had accepted it', async () => {
    const eve = { key: 'eve@remote.test', asWritten: 'eve@remote.test' };
    const held = await runBatch({ batch: [given({ attendee: eve })] });
    expect(entries(held.changes)).toEqual([`held not-invited: ${eve.asWritten} is not an attendee of the event.`]);
    expect(kindsOf(held.changes)).toEqual(['question']);
    // The organizer sees the event as it is stored.
    expect(held.changes.add?.[0]?.calendar).toBe(event());
    const approved = await runBatch({ batch: [given({ attendee: eve }, { approved: true })] });
    expect(entries(approved.changes)).toEqual([
      `refused not-invited: ${eve.asWritten} is not an attendee of the event.`,
    ]);
    expect([approved.changes.hold, approved.told[0]?.[0]]).toEqual([[], ['not-entered']]);
  });

  it('because it cannot be judged is held, unless another attempt may help', async () => {
    const batch = [given({ occurrence: { uid, recurrenceId: '20270308T100000Z' } })];
    const judge = (error: Error) => runBatch({ batch, stored: weekly, expand: () => Promise.reject(error) });
    for (const error of [
      new TypeError('x'),
      new GatewayError('internal', 'x'),
      Object.assign(new Error('x'), { temporary: true }),
    ]) {
      expect(entries((await judge(error)).changes)).toEqual([
        'held event-unusable: The event on the CalDAV server cannot be edited safely.',
      ]);
    }
    const away = new GatewayError('internal', 'the worker ended', { temporary: true });
    await expect(judge(away)).rejects.toBe(away);
  });
});

describe('an answer whose sender is not proven', () => {
  const later = (record: Partial<AnswerRecord>) =>
    given(
      { partstat: 'DECLINED', revision: { sequence: 0, sentAt: NOW - 1_000 } },
      { origin: from('later'), ...record },
    );

  it('does not make an earlier one stale, although it is newer', async () => {
    const { changes } = await runBatch({ batch: [given({}), later({ held: 'unauthenticated' })] });
    expect(entries(changes)[0]).toContain('applied applied');
    expect(entries(changes, 'later')[0]).toContain('held unauthenticated');
  });

  it('does so once the organizer has accepted it', async () => {
    const { changes } = await runBatch({ batch: [given({}), later({ held: 'unauthenticated', approved: true })] });
    expect(entries(changes)[0]).toContain('ignored stale');
    expect(entries(changes, 'later')[0]).toContain('applied applied');
  });
});

describe('a web answer after the end of the event', () => {
  const sentAt = Date.UTC(2027, 0, 10, 11);
  const late = (facts: Partial<Answer>, record?: Partial<AnswerRecord>) =>
    given({ door: 'web', revision: { sequence: 0, sentAt: sentAt + 1 }, ...facts }, record);
  const past = `refused past: The event was over when ${bob.asWritten} answered; the answer was not applied.`;

  it('is refused', async () => {
    const { changes, told } = await runBatch({ batch: [late({})], stored: over });
    expect([entries(changes), told]).toEqual([[past], []]);
  });

  it('is refused although it would be held', async () => {
    const stranger = late({ attendee: { key: 'eve@remote.test', asWritten: bob.asWritten } });
    const { changes } = await runBatch({ batch: [stranger], stored: over });
    expect(entries(changes)).toEqual([past]);
  });

  it.each([
    ['it was sent at the end', late({ revision: { sequence: 0, sentAt } }), 'applied applied'],
    ['it came by mail', late({ door: 'smtp' }), 'applied applied'],
    ['the organizer accepted it', late({}, { approved: true }), 'applied applied'],
  ])('is not refused if %s', async (_, record, expected) => {
    const { changes } = await runBatch({ batch: [record], stored: over });
    expect(entries(changes)[0]).toContain(expected);
  });

  it('that is stale is ignored', async () => {
    const older = late({ revision: { sequence: 0, sentAt: sentAt + 1 } }, { origin: from('older') });
    const newer = late({ revision: { sequence: 0, sentAt: sentAt + 2 } });
    const { changes } = await runBatch({ batch: [older, newer], stored: over });
    expect(entries(changes, 'older')[0]).toContain('ignored stale');
  });
});

describe('an answer without an event', () => {
  const hidden = { kind: 'not-visible', href: '/cal/a.ics' } as const;
  const several = { kind: 'ambiguous', hrefs: ['/a', '/b'] } as const;
  const mailed = { context: { mailings: [mailing()] } };
  const quarter = 15 * 60_000;

  it.each([
    { what: 'none, mailed', stored: null, ...mailed, expected: 'retried unknown-event' },
    { what: 'none, never mailed', stored: null, expected: 'held unknown-event' },
    { what: 'none, by web', stored: null, record: given({ door: 'web' }), expected: 'retried unknown-event' },
    { what: 'not visible', stored: hidden, expected: 'retried not-visible' },
    { what: 'in several calendars', stored: several, ...mailed, expected: 'held ambiguous-event' },
    { what: 'unusable', stored: 'no calendar', ...mailed, expected: 'held event-unusable' },
    { what: 'none, 45 attempts', stored: null, ...mailed, attempts: 45, expected: 'held unknown-event' },
    { what: 'not visible, 45 attempts', stored: hidden, attempts: 45, expected: 'held not-visible' },
    { what: 'none, old', stored: null, ...mailed, createdAt: NOW - quarter, expected: 'retried unknown-event' },
  ])('is $expected if it is $what', async ({ expected, record, ...facts }) => {
    const { changes } = await runBatch({ batch: [record ?? given({})], ...facts });
    expect(entries(changes)[0]).toMatch(new RegExp(`^${expected}: `));
    const isRetried = expected.startsWith('retried');
    expect([changes.retry?.length, changes.hold?.length]).toEqual(isRetried ? [1, 0] : [0, 1]);
    if (isRetried)
      expect(changes.retry?.[0]).toMatchObject({
        id,
        dueAt: NOW + 20_000,
        error: expect.stringContaining('15 minutes'),
      });
    expect(kindsOf(changes)).toEqual(isRetried ? [] : ['question']);
  });

  it('has one ledger entry for all its retries', async () => {
    const { changes } = await runBatch({ batch: [given({})], stored: null, ...mailed, attempts: 1 });
    expect([entries(changes), changes.retry?.length]).toEqual([[], 1]);
  });

  it.each([
    {
      what: 'at once if it has waited a quarter of an hour for the decision',
      createdAt: NOW - quarter,
      expected: 'refused',
    },
    { what: 'later if the decision was quick', createdAt: NOW - quarter + 1, expected: 'retried' },
    { what: 'later if the event may become visible', createdAt: NOW - quarter, stored: hidden, expected: 'retried' },
    { what: 'if no retry can help', createdAt: NOW, stored: several, expected: 'refused' },
  ])('that the organizer accepted is $expected $what', async ({ createdAt, stored = null, expected }) => {
    const batch = [given({}, { held: 'unauthenticated', approved: true })];
    const { changes, told } = await runBatch({ batch, stored, ...mailed, createdAt });
    expect(entries(changes)[0]).toMatch(new RegExp(`^${expected} `));
    expect(told.map(([notices]) => notices)).toEqual(expected === 'refused' ? [['not-entered']] : []);
    expect(changes.hold).toEqual([]);
  });
});
