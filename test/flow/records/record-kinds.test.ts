// The values that each kind of record accepts, in addition to records.test.ts: absent values, every word of its enumerations and
// older versions; and the values that are derived from them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnswerRecord } from '../../../src/flow/records/answer.ts';
import type { NoticeRecord } from '../../../src/flow/records/notice.ts';
import type { OutgoingRecord } from '../../../src/flow/records/outgoing.ts';
import type { ProposalRecord } from '../../../src/flow/records/proposal.ts';
import type { ReceivedMailRecord } from '../../../src/flow/records/received-mail.ts';
import {
  type AnyRecord,
  describeTask,
  entryAbout,
  entryAboutTask,
  kinds,
  readRecord,
  recordTask,
} from '../../../src/flow/records/records.ts';
import { alice, bob, carol } from '../flow-kit.ts';

const uid = 'planning@example.com';
const origin = { recordId: 'r1', door: 'smtp', messageId: null };
const occurrence = { uid, recurrenceId: null };
const nobody = { organizer: null, uid: null, recurrenceId: null, attendee: null };

const anAnswer: AnswerRecord = {
  kind: 'answer',
  origin,
  answer: {
    component: 'VEVENT',
    occurrence,
    range: null,
    start: null,
    attendee: bob,
    organizer: alice,
    partstat: 'ACCEPTED',
    comment: null,
    delegatedTo: [],
    revision: { sequence: null, sentAt: 4 },
    door: 'smtp',
  },
  sender: 'bob@remote.test',
  held: null,
  approved: false,
};
const aProposal: ProposalRecord = {
  kind: 'proposal',
  origin,
  organizer: alice,
  attendee: bob,
  proposal: {
    kind: 'proposal',
    occurrence,
    attendee: null,
    organizer: null,
    start: null,
    end: null,
    comment: null,
    sequence: null,
    stampedAt: null,
  },
  sender: 'bob@remote.test',
  held: null,
  approved: false,
  declined: false,
};
const aMail: ReceivedMailRecord = {
  kind: 'mail',
  envelope: { mailFrom: '', rcptTo: [] },
  peer: { door: 'smtp', address: '192.0.2.1', helo: 'mx', tls: true, trustedRelay: false, xclient: false },
  receivedAt: 5,
};
const aForward: OutgoingRecord = {
  kind: 'outgoing',
  origin,
  mailFrom: '',
  rcptTo: 'Alice@Example.com',
  messageId: '<t1@gateway.example.com>',
  what: 'forward',
  method: null,
  owner: null,
  recipient: null,
  uid: null,
};
const aNotice = (of: NoticeRecord['notice']): NoticeRecord => ({
  kind: 'notice',
  origin,
  owner: alice,
  uid,
  notice: of,
});

const task = (record: AnyRecord) => ({
  ...recordTask(record, { id: 't1', createdAt: 7 }),
  attempts: 0,
  lastError: null,
});

/** The record with this value at the path `a.b.c`. */
function withField(record: AnyRecord, path: string, value: unknown): AnyRecord {
  const copy = structuredClone(record) as AnyRecord;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const owner = names.reduce(
    (inner, name) => inner[name] as Record<string, unknown>,
    copy as unknown as Record<string, unknown>,
  );
  owner[last] = value;
  return copy;
}

describe('each kind', () => {
  it.each(Object.entries(kinds))('%s is in the table of queues in src/README.md', (kind, { queue }) => {
    const readme = readFileSync(new URL('../../../src/README.md', import.meta.url), 'utf8');
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${queue}\` |`));
    expect(row).toContain(`\`${kind}\``);
  });

  it.each(Object.entries(kinds))('%s has an upgrade step from each older version', (_, { version, ...kind }) => {
    expect('upgrade' in kind ? kind.upgrade : []).toHaveLength(version - 1);
  });
});

describe('a record is read back with', () => {
  const date = { form: 'date', local: '20270301', zone: null, instant: null };
  const floating = { form: 'floating', local: '20270301T110000', zone: null, instant: null };
  const zoned = { form: 'zoned', local: '20270301T110000', zone: 'Europe/Paris', instant: 1_803_898_800_000 };
  const accepted: readonly (readonly [record: AnyRecord, path: string, values: readonly unknown[]])[] = [
    [anAnswer, 'origin.messageId', [null, '<m@remote.test>']],
    [anAnswer, 'answer.component', ['VEVENT', 'VTODO']],
    [anAnswer, 'answer.occurrence.recurrenceId', [null, '20270301T100000Z']],
    [anAnswer, 'answer.range', [null, 'THISANDFUTURE']],
    [
      anAnswer,
      'answer.partstat',
      [null, 'NEEDS-ACTION', 'ACCEPTED', 'DECLINED', 'TENTATIVE', 'DELEGATED', 'COMPLETED', 'IN-PROCESS'],
    ],
    [anAnswer, 'answer.comment', [null, '', 'Yes']],
    [anAnswer, 'answer.revision.sequence', [null, 0, 7]],
    [anAnswer, 'answer.door', ['smtp', 'lmtp', 'web']],
    [anAnswer, 'held', [null, 'unauthenticated', 'unreadable-answer']],
    [aProposal, 'proposal.attendee', [null, bob]],
    [aProposal, 'proposal.organizer', [null, alice]],
    [aProposal, 'proposal.start', [null, date, floating, zoned]],
    [aProposal, 'proposal.end', [null, zoned]],
    [aProposal, 'proposal.comment', [null, 'Later?']],
    [aProposal, 'proposal.sequence', [null, 2]],
    [aProposal, 'proposal.stampedAt', [null, 3]],
    [aProposal, 'held', [null, 'several-from']],
    [aMail, 'peer.door', ['smtp', 'lmtp']],
    [aForward, 'method', [null, 'REQUEST']],
    [aForward, 'owner', [null, alice]],
    [aForward, 'recipient', [null, bob]],
    [aForward, 'uid', [null, uid]],
    [aForward, 'what', ['invitation', 'update', 'cancel', 'decline', 'reply', 'notice', 'forward']],
    [
      aNotice({ kind: 'answer', attendee: bob, partstat: 'DECLINED', comment: null, recurrenceId: null }),
      'notice.comment',
      [null, 'No'],
    ],
    [
      aNotice({ kind: 'answer', attendee: bob, partstat: 'DECLINED', comment: null, recurrenceId: null }),
      'notice.recurrenceId',
      [null, '20270301'],
    ],
    [aNotice({ kind: 'not-entered', attendee: bob, reason: 'failed' }), 'notice.reason', ['failed', 'not-invited']],
  ];

  it.each(accepted)('$kind: %s', (record, path, values) => {
    for (const value of values) {
      const given = withField(record, path, value);
      expect(readRecord(task(given))).toEqual({ kind: 'record', body: given });
    }
  });

  const refused: readonly (readonly [record: AnyRecord, path: string, values: readonly unknown[], why: string])[] = [
    [anAnswer, 'held', ['applied', 'no-such-reason', 'toString', ''], 'held: not a reason to hold'],
    [aProposal, 'held', ['proposal', 7], 'held: not a reason to hold'],
    [aForward, 'what', ['applied', 'no-such-reason', 'constructor', 7], 'what: not a kind of mail'],
    [
      aNotice({ kind: 'not-entered', attendee: bob, reason: 'failed' }),
      'notice.reason',
      ['x', 7, ['failed']],
      'notice.reason: ',
    ],
    [anAnswer, 'answer.partstat', ['accepted', 'X-MAYBE'], 'answer.partstat: '],
    [anAnswer, 'answer.range', ['THISANDPRIOR'], 'answer.range: '],
  ];
  it.each(refused)('no other: $kind %s', (record, path, values, why) => {
    for (const value of values) {
      const given = withField(record, path, value);
      const body = JSON.stringify({ version: kinds[given.kind as 'answer'].version, ...given });
      expect(readRecord({ body, calendar: null })).toEqual({ kind: 'unreadable', why: expect.stringContaining(why) });
    }
  });
});

describe('a record of version 1', () => {
  const upgraded = (body: object) => readRecord({ body: JSON.stringify(body), calendar: null });

  it('of kind answer is the same', () => {
    expect(upgraded(anAnswer)).toEqual({ kind: 'record', body: anAnswer });
  });

  it('of kind proposal is declined only if its body says so', () => {
    const { declined: _, ...old } = aProposal;
    expect(upgraded(old)).toEqual({ kind: 'record', body: aProposal });
    expect(upgraded({ ...old, declined: true })).toEqual({ kind: 'record', body: { ...aProposal, declined: true } });
  });

  it('of kind notice names the organizer as owner', () => {
    const { owner, ...old } = aNotice({ kind: 'not-entered', attendee: bob, reason: 'failed' });
    expect(upgraded({ ...old, organizer: owner })).toEqual({ kind: 'record', body: { ...old, owner } });
  });

  it.each([
    ['invitation', 'REQUEST'],
    ['update', 'REQUEST'],
    ['cancel', 'CANCEL'],
    ['decline', 'DECLINECOUNTER'],
    ['reply', 'REPLY'],
    ['notice', null],
    ['forward', null],
  ] as const)('of kind outgoing with %s has the method %s', (what, method) => {
    const { owner: _owner, recipient: _recipient, method: _method, ...old } = { ...aForward, what };
    const body = { ...old, owner: alice, recipient: bob, method };
    expect(upgraded({ ...old, organizer: alice, attendee: bob })).toEqual({ kind: 'record', body });
  });
});

describe('an outgoing mail', () => {
  const derived = (record: OutgoingRecord) => ({ lane: task(record).lane, ...describeTask(task(record)) });

  it('has a separate lane if it is about no event, and its origin has its own Message-ID', () => {
    const { lane, origin: from, subject } = derived(aForward);
    expect(lane).toBe('t1\u001falice@example.com');
    expect(from).toEqual({ ...origin, messageId: aForward.messageId });
    expect(subject).toEqual({ ...nobody, attendee: 'alice@example.com' });
  });

  it('that is a notice names its owner, and its recipient as attendee', () => {
    const { lane, subject } = derived({ ...aForward, what: 'notice', owner: alice, uid });
    expect(lane).toBe(`${uid}\u001falice@example.com`);
    expect(subject).toEqual({ ...nobody, organizer: alice.key, attendee: alice.key, uid });
  });

  it.each([
    { method: 'REQUEST', owner: alice, recipient: bob },
    { method: 'REPLY', owner: bob, recipient: alice },
    { method: 'COUNTER', owner: bob, recipient: alice },
    { method: 'DECLINECOUNTER', owner: alice, recipient: bob },
  ])('with $method names organizer and attendee', ({ method, owner, recipient }) => {
    const { subject } = derived({
      ...aForward,
      rcptTo: recipient.asWritten,
      what: 'reply',
      method,
      owner,
      recipient,
      uid,
    });
    expect(subject).toEqual({ ...nobody, organizer: alice.key, attendee: bob.key, uid });
  });

  it.each([
    { method: null, owner: alice, recipient: bob },
    { method: 'REPLY', owner: null, recipient: alice },
    { method: 'REPLY', owner: bob, recipient: null },
  ])('without all three of them names the owner and the address that it is sent to', (facts) => {
    const { subject } = derived({ ...aForward, ...facts, rcptTo: carol.asWritten, uid });
    expect(subject).toEqual({ ...nobody, organizer: facts.owner?.key ?? null, attendee: carol.key, uid });
  });
});

describe('a task', () => {
  it('of a received mail is the origin of what follows, and shows the null sender', () => {
    expect(describeTask(task(aMail))).toEqual({
      body: aMail,
      kind: 'mail',
      origin: { recordId: 't1', door: 'smtp', messageId: null },
      subject: nobody,
      text: 'mail from <>',
    });
  });

  it.each([
    { body: '{}', kind: 'unreadable' },
    { body: '{"kind":"verify","version":999}', kind: 'verify' },
    { body: '{"kind":"dream","version":1}', kind: 'dream' },
  ])('that cannot be read is described by its id: $body', ({ body, kind }) => {
    const unknown = { recordId: 't1', door: 'unknown', messageId: null };
    const text = `record of kind ${kind}`;
    expect(describeTask({ id: 't1', body, calendar: null })).toEqual({
      body: null,
      kind,
      origin: unknown,
      subject: nobody,
      text,
    });
    const facts = { at: 1, verdict: 'held', reason: 'unreadable', detail: 'x' } as const;
    expect(entryAboutTask({ id: 't1', body, calendar: null }, facts)).toEqual({
      kind: 'entry',
      entry: {
        taskId: 't1',
        ...unknown,
        ...nobody,
        ...facts,
      },
    });
  });

  it('that can be read has the same entry as its job', () => {
    const facts = { at: 1, verdict: 'held', reason: 'operator', detail: 'x', attendee: carol.key } as const;
    const job = { task: task(anAnswer), body: anAnswer };
    expect(entryAboutTask(job.task, facts)).toEqual(entryAbout(job, facts));
    expect(entryAbout(job, facts)).toEqual({
      kind: 'entry',
      entry: {
        taskId: 't1',
        ...origin,
        ...nobody,
        organizer: alice.key,
        uid,
        ...facts,
      },
    });
  });

  it('of a schedule message whose calendar does not parse has no UID', () => {
    const body = {
      kind: 'schedule-message',
      version: 2,
      origin,
      from: alice,
      to: bob,
      method: 'REQUEST',
      again: false,
    };
    const { subject } = describeTask({ id: 't1', body: JSON.stringify(body), calendar: 'no calendar' });
    expect(subject).toEqual({ ...nobody, organizer: alice.key, attendee: bob.key });
  });
});
