// Parsing a batch: an unreadable task is held, a record of a newer version is put back, and the others become jobs.
import { describe, expect, it } from 'vitest';
import type { Batch, QueueName, Task } from '../../../src/flow/ports/spool.ts';
import { type ReadBatch, readBatch } from '../../../src/flow/queue/read-batch.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob } from '../flow-kit.ts';

const origin = { recordId: 'r1', door: 'gateway', messageId: null };

function readable(id: string): Task {
  const body = { kind: 'verify', owner: alice, uid: 'u1', round: 0 } as const;
  return { ...recordTask(body, { id, createdAt: 0 }), attempts: 0, lastError: null };
}

function batch(queue: QueueName, tasks: readonly Task[]): Batch {
  return { lease: { queue, lane: 'l', fence: 1 }, tasks };
}

const outgoing = {
  kind: 'outgoing',
  origin,
  mailFrom: '',
  rcptTo: 'bob@remote.test',
  messageId: '<1@gateway.example.com>',
  what: 'forward',
  method: null,
  owner: null,
  recipient: null,
  uid: null,
} as const;
const invitation = {
  kind: 'schedule-message',
  origin,
  from: alice,
  to: bob,
  method: 'REQUEST',
  calendar: meeting({ uid: 'u1', organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] }),
  again: false,
} as const;

const newer = (id: string): Task => ({ ...readable(id), body: '{"kind":"verify","version":999}' });
const broken = (id: string): Task => ({ ...readable(id), body: '{"kind":"verify","version":2}' });

describe('readBatch', () => {
  it('holds an unreadable task for the operator and names the path', () => {
    const { jobs, others } = readBatch(batch('event', [broken('b'), readable('a')]), 5);
    expect(jobs).toEqual([{ task: readable('a'), body: { kind: 'verify', owner: alice, uid: 'u1', round: 0 } }]);
    expect(others).toHaveLength(1);
    expect(others[0]).toMatchObject({
      id: 'b',
      plan: { disposition: { kind: 'hold', reason: 'unreadable', key: 'operator:b' } },
    });
    expect(others[0]?.plan.ledger?.[0]).toMatchObject({
      kind: 'entry',
      entry: { taskId: 'b', at: 5, verdict: 'held', reason: 'unreadable', detail: expect.stringContaining('owner: ') },
    });
  });

  it('puts back a record of a newer version without a ledger entry', () => {
    const { jobs, others } = readBatch(batch('event', [newer('n'), readable('a')]), 5);
    expect(jobs.map(({ task }) => task.id)).toEqual(['a']);
    const error = 'record verify has version 999: a later version of the gateway wrote it';
    expect(others).toMatchObject([{ id: 'n', plan: { disposition: { kind: 'retry', dueAt: 60_005, error } } }]);
    expect(others[0]?.plan.ledger).toBeUndefined();
  });

  describe.each([
    ['outgoing', outgoing],
    ['invitation', invitation],
  ] as const)('in the FIFO queue %s', (queue, body) => {
    const task = (id: string): Task => ({ ...recordTask(body, { id, createdAt: 0 }), attempts: 0, lastError: null });
    const ids = ({ jobs, others }: ReadBatch) => [
      jobs.map(({ task: { id } }) => id),
      others.map(({ id, plan }) => `${id} ${plan.disposition.kind}`),
    ];

    it('puts back the tasks behind a record of a newer version', () => {
      const newerTask = { ...task('n'), body: JSON.stringify({ kind: body.kind, version: 999 }) };
      const read = readBatch(batch(queue, [task('a'), newerTask, broken('b'), task('c')]), 5);
      expect(ids(read)).toEqual([['a'], ['n retry', 'b retry', 'c retry']]);
    });

    it('processes the tasks behind an unreadable one', () => {
      expect(ids(readBatch(batch(queue, [task('a'), broken('b'), task('c')]), 5))).toEqual([['a', 'c'], ['b hold']]);
    });
  });

  it('holds a record that is in the wrong queue', () => {
    const { jobs, others } = readBatch(batch('outgoing', [readable('a')]), 5);
    expect(jobs).toEqual([]);
    expect(others[0]?.plan.disposition).toMatchObject({ kind: 'hold', reason: 'unreadable' });
    const detail = expect.stringContaining('kind: verify does not belong to the queue outgoing');
    expect(others[0]?.plan.ledger).toMatchObject([{ entry: { detail } }]);
  });
});
