// Records of every kind: written and read back, upgraded from an older version, and unreadable or newer ones
// recognised.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/flow/ports/spool.ts';
import {
  type AnyRecord,
  describeTask,
  entryAbout,
  type Kind,
  recordBody,
  recordTask,
  readRecord,
  type ReadRecord,
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
        start: null,
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
    record: { kind: 'verify', owner: alice, uid, round: 2 },
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

/** A new kind is a type error until it is listed here; then it needs a case above. */
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

  it.each(cases)(
    'of kind $record.kind is written as a task and read back',
    ({ record, queue, lane, subject, text }) => {
      const task = taskOf(record);
      expect(task).toMatchObject({ queue, lane, createdAt: 7, dueAt: 7, raw: null });
      expect(readRecord(task)).toEqual({ kind: 'record', body: record });
      const nobody = { organizer: null, uid: null, recurrenceId: null, attendee: null };
      expect(describeTask(task)).toMatchObject({ kind: record.kind, text, subject: { ...nobody, ...subject } });
    },
  );

  it('keeps its calendar outside the body', () => {
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

  it('that does not match its schema is refused, and the error names the path', () => {
    const wrong = { kind: 'verify', owner: { key: 'a' }, uid, round: 1 } as unknown as AnyRecord;
    expect(() => recordBody(wrong)).toThrow(/kind verify is not valid: owner\.asWritten/);
  });

  it('that is sent by an attendee has the recipient as organizer in its subject', () => {
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

  it('gives its origin and subject to a ledger entry, which may add to the subject', () => {
    const body = { kind: 'refresh', origin, organizer: alice, attendee: bob, uid } as const;
    const facts = {
      at: 1,
      verdict: 'applied',
      reason: 'overwritten',
      detail: 'Applied again.',
      attendee: bob.key,
    } as const;
    expect(entryAbout({ task: taskOf(body), body }, facts)).toEqual({
      kind: 'entry',
      entry: { taskId: 't1', ...origin, organizer: alice.key, uid, recurrenceId: null, ...facts },
    });
  });
});

describe('a stored task', () => {
  const old: { what: string; body: object; calendar?: string; record: object }[] = [
    { what: 'a re-read', body: { kind: 'verify', origin, organizer: alice, uid, round: 0 }, record: { owner: alice } },
    {
      what: 'an invitation',
      body: { kind: 'invitation', origin, sender: alice, recipient: bob, method: 'REQUEST', again: false },
      calendar,
      record: { kind: 'schedule-message', from: alice, to: bob, calendar },
    },
    {
      what: 'a question without a calendar',
      body: { kind: 'held-notice', origin, organizer: alice, uid, key: 'k', together: true },
      record: { kind: 'question', owner: alice, calendar: null },
    },
    {
      what: 'an outgoing reply',
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
      what: 'an undeliverable mail',
      body: { kind: 'undeliverable', origin, organizer: alice, attendee: bob, uid, diagnostic: '550' },
      record: { owner: alice, recipient: bob, method: 'REQUEST' },
    },
  ];
  it('is upgraded from version 1: an answer', () => {
    const record = cases.find((each) => each.record.kind === 'answer')?.record;
    if (record?.kind !== 'answer') throw new TypeError('no case');
    const { start: _, ...answer } = record.answer;
    const read = readRecord({ body: JSON.stringify({ ...record, answer }), calendar: null });
    expect(read).toMatchObject({ kind: 'record', body: { answer: { ...answer, start: null } } });
  });

  it.each(old)('is upgraded from version 1: $what', ({ body, calendar: stored, record }) => {
    const read = readRecord({ body: JSON.stringify(body), calendar: stored ?? null });
    expect(read).toMatchObject({ kind: 'record', body: record });
  });

  const others: { what: string; body: string; read: Partial<ReadRecord> }[] = [
    { what: 'not JSON', body: '{"kind":', read: { kind: 'unreadable', why: 'the body is not a JSON object' } },
    { what: 'not an object', body: '"mail"', read: { kind: 'unreadable' } },
    {
      what: 'a field is missing',
      body: JSON.stringify({ kind: 'verify', origin, organizer: alice, uid }),
      read: { kind: 'unreadable', why: expect.stringMatching(/^round: /) },
    },
    {
      what: 'a nested field has the wrong type',
      body: JSON.stringify({ version: 2, kind: 'verify', owner: { key: 1, asWritten: '' }, uid, round: 0 }),
      read: { kind: 'unreadable', why: expect.stringMatching(/^owner\.key: /) },
    },
    {
      what: 'an unknown kind',
      body: '{"kind":"dream"}',
      read: { kind: 'unreadable', why: 'kind: "dream" is not known' },
    },
    { what: 'a newer version', body: '{"kind":"verify","version":999}', read: { kind: 'newer', version: 999 } },
    {
      what: 'an unknown kind with a version',
      body: '{"kind":"reconcile","version":1}',
      read: { kind: 'newer', what: 'reconcile' },
    },
  ];
  it.each(others)('is $read.kind: $what', ({ body, read }) => {
    expect(readRecord({ body, calendar: null })).toMatchObject(read);
  });
});

/** JSON without regard to types: what a damaged database may contain. */
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The path of every value inside of a body. */
function pathsIn(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...pathsIn(inner, [...path, name])]);
}

/** A copy of the body with another value, or none, at that path. */
function withValue(body: Json, [name = '', ...rest]: readonly string[], value: Json | undefined): Json {
  const changed = structuredClone(body) as { [name: string]: Json };
  const inner = rest.length === 0 ? value : withValue(changed[name] ?? null, rest, value);
  if (inner === undefined) delete changed[name];
  else changed[name] = inner;
  return changed;
}

function valueAt(body: Json, path: readonly string[]): Json {
  return path.reduce((value, name) => (value as { [name: string]: Json })[name] ?? null, body);
}

/** A value that no field of this type accepts. */
function wrongFor(value: Json): Json {
  if (value === null) return [];
  if (Array.isArray(value)) return {};
  return typeof value === 'string' ? 7 : 'x';
}

describe('a damaged body', () => {
  const tasks = cases.map(({ record }) => ({ kind: record.kind, task: taskOf(record), record }));

  it.each(tasks)('of kind $kind is unreadable, and the path is named', ({ task }) => {
    const body = JSON.parse(task.body) as Json;
    const paths = pathsIn(body).filter(([name]) => name !== 'version' && name !== 'kind');
    expect(paths).not.toEqual([]);
    for (const path of paths) {
      const isElement = /^\d+$/.test(path.at(-1) ?? '');
      for (const value of [wrongFor(valueAt(body, path)), ...(isElement ? [] : [undefined])]) {
        const damaged = { ...task, body: JSON.stringify(withValue(body, path, value)) };
        const read = readRecord(damaged);
        expect(read, path.join('.')).toMatchObject({ kind: 'unreadable', why: expect.any(String) });
        if (read.kind === 'unreadable') expect(read.why.startsWith(`${path.join('.')}: `), read.why).toBe(true);
        expect(describeTask(damaged)).toMatchObject({ body: null, text: 'record of kind unreadable' });
      }
    }
  });

  it.each(tasks)('of kind $kind loses fields that its version does not have', ({ task, record }) => {
    const extra = `{"__proto__":{"kind":"verify"},"constructor":1,"toString":2,"hasOwnProperty":3,"extra":{"a":[]},`;
    expect(readRecord({ ...task, body: task.body.replace('{', extra) })).toEqual({ kind: 'record', body: record });
  });

  it.each(['', '\0', '\ud800', '__proto__', 'constructor', '\u001f', 'x'.repeat(1_000_000)])(
    'keeps any text in a text (case %#)',
    (text) => {
      const record = { kind: 'verify', owner: alice, uid: text, round: 0 } as const;
      const task = taskOf(record);
      expect(readRecord(task)).toEqual({ kind: 'record', body: record });
      expect(describeTask(task).subject.uid).toBe(text);
    },
  );

  it.each<unknown>([0, -1, 1.5, 1e308, 2 ** 53, '2', null, true, [], {}])(
    'with the version %j is unreadable',
    (version) => {
      for (const { task } of tasks) {
        const body = JSON.stringify({ ...(JSON.parse(task.body) as object), version });
        expect(readRecord({ ...task, body })).toEqual({ kind: 'unreadable', why: 'version: not a positive integer' });
      }
    },
  );

  it.each<unknown>([undefined, null, 7, true, [], ['verify'], {}, { toString: 1, valueOf: 1 }])(
    'with the kind %j is unreadable',
    (kind) => {
      for (const version of [undefined, 1, 999]) {
        const task = { id: 't1', body: JSON.stringify({ version, kind }), calendar: null };
        expect(readRecord(task)).toEqual({ kind: 'unreadable', why: 'kind: not a string' });
        expect(describeTask(task).kind).toBe('unreadable');
      }
    },
  );

  it.each(['', '__proto__', 'constructor', 'toString', 'undefined', '\0', 'x'.repeat(1_000_000)])(
    'with an unknown kind is unreadable, or newer if it has a version (case %#)',
    (kind) => {
      const shown = kind.slice(0, 100);
      const why = `kind: ${JSON.stringify(shown)} is not known`;
      expect(readRecord({ body: JSON.stringify({ kind }), calendar: null })).toEqual({ kind: 'unreadable', why });
      const newer = { kind: 'newer', what: shown, version: 7 };
      expect(readRecord({ body: JSON.stringify({ kind, version: 7 }), calendar: null })).toEqual(newer);
    },
  );

  it.each(['', '{', '\0', 'null', 'true', '7', '"verify"', '[]', '[{"kind":"verify"}]', '['.repeat(100_000)])(
    'that is no JSON object is unreadable (case %#)',
    (body) => {
      expect(readRecord({ body, calendar: null })).toEqual({
        kind: 'unreadable',
        why: 'the body is not a JSON object',
      });
    },
  );

  it('with many wrong fields names the first five', () => {
    const { task } = tasks.find(({ kind }) => kind === 'answer') ?? {};
    const body = JSON.parse(task?.body ?? '') as Json;
    const many = withValue(
      body,
      ['answer', 'delegatedTo'],
      Array.from({ length: 10_000 }, () => 7),
    );
    const read = readRecord({ body: JSON.stringify(many), calendar: null });
    expect(read).toEqual({
      kind: 'unreadable',
      why: expect.stringMatching(/^answer\.delegatedTo\.0: .*; answer\.delegatedTo\.4: [^;]*; and 9995 more$/),
    });
    if (read.kind === 'unreadable') expect(read.why.length).toBeLessThan(1_000);
  });

  it('never throws', () => {
    const kind = fc.constantFrom(...Object.keys(allKinds), 'invitation', 'held-notice', 'x');
    const body = fc.record({ kind, version: fc.integer({ min: -1, max: 4 }) }, { requiredKeys: ['kind'] });
    fc.assert(
      fc.property(body, fc.dictionary(fc.string(), fc.jsonValue()), fc.option(fc.string()), (fixed, more, text) => {
        const stored = { id: 't1', body: JSON.stringify({ ...more, ...fixed }), calendar: text };
        expect(['record', 'newer', 'unreadable']).toContain(readRecord(stored).kind);
        expect(describeTask(stored).origin.recordId).toBeDefined();
      }),
    );
  });
});
