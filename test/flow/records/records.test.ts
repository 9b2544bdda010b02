// Records: every kind makes a task and reads back, an older version is upgraded, a newer one and a damaged one are told apart.
import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/flow/ports/spool.ts';
import { heldJobs } from '../../../src/flow/records/held.ts';
import {
  type AnyRecord,
  describeTask,
  entryAbout,
  type Kind,
  recordBody,
  recordTask,
  readRecord,
} from '../../../src/flow/records/records.ts';
import { alice, bob, carol } from '../flow-kit.ts';

const uid = 'planning@example.com';
const origin = { recordId: 'r1', door: 'smtp', messageId: '<m1@remote.test>' };
const calendar = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTART:20270301T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
const occurrence = { uid, recurrenceId: '20270301T100000Z' };
const time = { form: 'zoned', local: '20270301T110000', zone: 'UTC', instant: 1_803_898_800_000 } as const;
const copy = `${alice.key}\u001f${uid}`;
const toBob = `${uid}\u001f${bob.key}`;

const cases: { record: AnyRecord; queue: string; lane: string; subject: Record<string, string>; text: string }[] = [
  {
    record: {
      kind: 'mail',
      envelope: { mailFrom: 'bob@remote.test', rcptTo: ['r1@reply.example.com'] },
      peer: { door: 'lmtp', address: '192.0.2.1', helo: 'mx', tls: true, trustedRelay: false, xclient: false },
      receivedAt: 5,
    },
    queue: 'incoming',
    lane: 't1',
    subject: {},
    text: 'mail from bob@remote.test',
  },
  {
    record: {
      kind: 'answer',
      origin,
      answer: {
        component: 'VEVENT',
        occurrence,
        range: null,
        attendee: bob,
        organizer: alice,
        partstat: 'ACCEPTED',
        comment: 'Yes',
        delegatedTo: [carol],
        revision: { sequence: null, sentAt: 4 },
        door: 'smtp',
      },
      sender: 'bob@remote.test',
      held: 'unauthenticated',
      approved: false,
    },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, ...occurrence },
    text: `answer of ${bob.asWritten}`,
  },
  {
    record: { kind: 'verify', origin, owner: alice, uid, round: 2 },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, uid },
    text: 're-read of the event',
  },
  {
    record: {
      kind: 'proposal',
      origin,
      organizer: alice,
      attendee: bob,
      proposal: {
        kind: 'proposal',
        occurrence,
        attendee: bob,
        organizer: null,
        start: time,
        end: null,
        comment: null,
        sequence: 0,
        stampedAt: 3,
      },
      sender: 'bob@remote.test',
      held: null,
      approved: false,
      declined: false,
    },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, ...occurrence },
    text: `proposal of ${bob.asWritten}`,
  },
  {
    record: {
      kind: 'delegation',
      origin,
      organizer: alice,
      attendee: bob,
      delegate: carol,
      uid,
      recurrenceId: null,
      approved: true,
    },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `delegation from ${bob.asWritten} to ${carol.asWritten}`,
  },
  {
    record: { kind: 'refresh', origin, organizer: alice, attendee: bob, uid },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `refresh request of ${bob.asWritten}`,
  },
  {
    record: { kind: 'undeliverable', origin, owner: alice, recipient: bob, uid, method: 'REQUEST', diagnostic: '550' },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `delivery failure of ${bob.asWritten}`,
  },
  {
    record: {
      kind: 'notice',
      origin,
      owner: alice,
      uid,
      notice: { kind: 'not-entered', attendee: bob, reason: 'failed' },
    },
    queue: 'event',
    lane: copy,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `notice to ${alice.asWritten}`,
  },
  {
    record: { kind: 'question', origin, owner: alice, uid, key: 'k', calendar, together: false },
    queue: 'question',
    lane: alice.key,
    subject: { organizer: alice.key, uid },
    text: `question to ${alice.asWritten}`,
  },
  {
    record: { kind: 'question', origin, owner: alice, uid, key: 'k', calendar: null, together: true },
    queue: 'question',
    lane: alice.key,
    subject: { organizer: alice.key, uid },
    text: `question to ${alice.asWritten}`,
  },
  {
    record: { kind: 'schedule-message', origin, from: alice, to: bob, method: 'REQUEST', calendar, again: false },
    queue: 'invitation',
    lane: toBob,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `REQUEST to ${bob.asWritten}`,
  },
  {
    record: {
      kind: 'outgoing',
      origin,
      mailFrom: 'b1@reply.example.com',
      rcptTo: bob.asWritten,
      messageId: '<t1@gateway.example.com>',
      what: 'invitation',
      method: 'REQUEST',
      owner: alice,
      recipient: bob,
      uid,
    },
    queue: 'outgoing',
    lane: toBob,
    subject: { organizer: alice.key, attendee: bob.key, uid },
    text: `invitation to ${bob.asWritten}`,
  },
];

function taskOf(record: AnyRecord): Task {
  return { ...recordTask(record, { id: 't1', createdAt: 7 }), attempts: 0, lastError: null };
}

/** A new kind does not compile until it is here, and then needs a case above. */
const allKinds: Readonly<Record<Kind, true>> = {
  mail: true,
  answer: true,
  verify: true,
  proposal: true,
  delegation: true,
  refresh: true,
  undeliverable: true,
  notice: true,
  question: true,
  'schedule-message': true,
  outgoing: true,
};

describe('a record', () => {
  it('of each kind has a case', () => {
    expect(new Set(cases.map(({ record }) => record.kind))).toEqual(new Set(Object.keys(allKinds)));
  });

  it.each(cases)('$record.kind becomes a task and reads back', ({ record, queue, lane, subject, text }) => {
    const task = taskOf(record);
    expect(task).toMatchObject({ queue, lane, createdAt: 7, dueAt: 7, raw: null });
    expect(readRecord(task)).toEqual({ kind: 'record', body: record });
    const nobody = { organizer: null, uid: null, recurrenceId: null, attendee: null };
    expect(describeTask(task)).toMatchObject({ kind: record.kind, text, subject: { ...nobody, ...subject } });
  });

  it('keeps its calendar beside the body, once for all recipients', () => {
    const task = taskOf({
      kind: 'schedule-message',
      origin,
      from: alice,
      to: bob,
      method: 'REQUEST',
      calendar,
      again: true,
    });
    expect(task.calendar).toBe(calendar);
    expect(task.body).not.toContain('VCALENDAR');
  });

  it('that does not fit its schema is not written, and the error names the path', () => {
    const wrong = { kind: 'verify', origin, owner: { key: 'a' }, uid, round: 1 } as unknown as AnyRecord;
    expect(() => recordBody(wrong)).toThrow(/kind verify is not valid: owner\.asWritten/);
  });

  it('from an attendee names the organizer as organizer, whoever sends it', () => {
    const reply = {
      kind: 'schedule-message',
      origin,
      from: bob,
      to: alice,
      method: 'REPLY',
      calendar,
      again: false,
    } as const;
    const failure = {
      kind: 'undeliverable',
      origin,
      owner: bob,
      recipient: alice,
      uid,
      method: 'REPLY',
      diagnostic: '550',
    } as const;
    for (const record of [reply, failure]) {
      expect(describeTask(taskOf(record)).subject).toMatchObject({ organizer: alice.key, attendee: bob.key });
    }
    expect(taskOf(failure).lane).toBe(`${bob.key}\u001f${uid}`);
  });

  it('lends its origin and subject to the ledger, which may know more', () => {
    const body = { kind: 'verify', origin, owner: alice, uid, round: 0 } as const;
    const facts = {
      at: 1,
      verdict: 'applied',
      reason: 'overwritten',
      detail: 'It was so.',
      attendee: bob.key,
    } as const;
    expect(entryAbout({ task: taskOf(body), body }, facts)).toEqual({
      taskId: 't1',
      ...origin,
      organizer: alice.key,
      uid,
      recurrenceId: null,
      ...facts,
    });
  });
});

describe('a task of an earlier or later version', () => {
  const old: { why: string; body: object; calendar?: string; record: object }[] = [
    { why: 'a re-read', body: { kind: 'verify', origin, organizer: alice, uid, round: 0 }, record: { owner: alice } },
    {
      why: 'an invitation',
      body: { kind: 'invitation', origin, sender: alice, recipient: bob, method: 'REQUEST', again: false },
      calendar,
      record: { kind: 'schedule-message', from: alice, to: bob, calendar },
    },
    {
      why: 'a question without a calendar',
      body: { kind: 'held-notice', origin, organizer: alice, uid, key: 'k', together: true },
      record: { kind: 'question', owner: alice, calendar: null },
    },
    {
      why: 'a reply on its way out',
      body: {
        kind: 'outgoing',
        origin,
        mailFrom: '',
        rcptTo: alice.asWritten,
        messageId: '<1@a>',
        what: 'reply',
        organizer: bob,
        attendee: alice,
        uid,
      },
      record: { owner: bob, recipient: alice, method: 'REPLY' },
    },
    {
      why: 'a lost mail',
      body: { kind: 'undeliverable', origin, organizer: alice, attendee: bob, uid, diagnostic: '550' },
      record: { owner: alice, recipient: bob, method: 'REQUEST' },
    },
  ];
  it.each(old)('$why of version 1 is upgraded', ({ body, calendar: beside, record }) => {
    const read = readRecord({ body: JSON.stringify(body), calendar: beside ?? null });
    expect(read).toMatchObject({ kind: 'record', body: record });
  });

  const others: { why: string; body: string; read: object }[] = [
    { why: 'no JSON', body: '{"kind":', read: { kind: 'unreadable', why: 'the body is not a JSON object' } },
    { why: 'no object', body: '"mail"', read: { kind: 'unreadable' } },
    {
      why: 'a field is missing',
      body: JSON.stringify({ kind: 'verify', origin, organizer: alice, uid }),
      read: { kind: 'unreadable', why: expect.stringMatching(/^round: /) },
    },
    {
      why: 'a nested field has the wrong type',
      body: JSON.stringify({ version: 2, kind: 'verify', origin, owner: { key: 1, asWritten: '' }, uid, round: 0 }),
      read: { kind: 'unreadable', why: expect.stringMatching(/^owner\.key: /) },
    },
    {
      why: 'an unknown kind',
      body: '{"kind":"dream"}',
      read: { kind: 'unreadable', why: 'kind: "dream" is not known' },
    },
    { why: 'a version that is no number', body: '{"kind":"verify","version":"x"}', read: { kind: 'unreadable' } },
    { why: 'a newer version', body: '{"kind":"verify","version":999}', read: { kind: 'newer', version: 999 } },
    { why: 'a new kind', body: '{"kind":"reconcile","version":1}', read: { kind: 'newer', what: 'reconcile' } },
  ];
  it.each(others)('$why', ({ body, read }) => {
    expect(readRecord({ body, calendar: null })).toMatchObject(read);
  });
});

describe('what is held', () => {
  it('leaves out what cannot be read and what waits for nobody', () => {
    const answer = cases.find(({ record }) => record.kind === 'answer')?.record;
    const verify = cases.find(({ record }) => record.kind === 'verify')?.record;
    if (answer === undefined || verify === undefined) throw new TypeError('no cases');
    const tasks = [taskOf(answer), taskOf(verify), { ...taskOf(answer), body: '{}' }];
    expect(heldJobs(tasks).map(({ body }) => body.kind)).toEqual(['answer']);
  });
});
