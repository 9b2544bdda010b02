// Parsing a batch: an unreadable task is held, a record of a newer version is put back, and the others become jobs.
import { describe, expect, it } from 'vitest';
import type { Batch, QueueName, Task } from '../../../src/flow/ports/spool.ts';
import { readBatch } from '../../../src/flow/queue/read-batch.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { alice } from '../flow-kit.ts';

const origin = { recordId: 'r1', door: 'gateway', messageId: null };

function readable(id: string): Task {
  const body = { kind: 'verify', origin, owner: alice, uid: 'u1', round: 0 } as const;
  return { ...recordTask(body, { id, createdAt: 0 }), attempts: 0, lastError: null };
}

function batch(queue: QueueName, tasks: readonly Task[]): Batch {
  return { lease: { queue, lane: 'l', fence: 1 }, tasks };
}

const newer = (id: string): Task => ({ ...readable(id), body: '{"kind":"verify","version":999}' });
const broken = (id: string): Task => ({ ...readable(id), body: '{"kind":"verify","version":2}' });

describe('readBatch', () => {
  it('holds an unreadable task for the operator and names the path', () => {
    const { jobs, others } = readBatch(batch('event', [broken('b'), readable('a')]), 5);
    expect(jobs.map(({ task }) => task.id)).toEqual(['a']);
    expect(others).toHaveLength(1);
    expect(others[0]).toMatchObject({
      id: 'b',
      plan: { disposition: { kind: 'hold', reason: 'unreadable', key: 'operator:b' } },
    });
    expect(others[0]?.plan.ledger?.[0]).toMatchObject({
      kind: 'entry',
      entry: { taskId: 'b', verdict: 'held', reason: 'unreadable', detail: expect.stringContaining('origin: ') },
    });
  });

  it('puts back a record of a newer version without a ledger entry', () => {
    const { jobs, others } = readBatch(batch('event', [newer('n'), readable('a')]), 5);
    expect(jobs.map(({ task }) => task.id)).toEqual(['a']);
    expect(others).toMatchObject([{ id: 'n', plan: { disposition: { kind: 'retry', dueAt: 60_005 } } }]);
    expect(others[0]?.plan.ledger).toBeUndefined();
  });

  it('puts back the tasks behind a record of a newer version in a FIFO queue', () => {
    const mail = {
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
    const task = (id: string): Task => ({ ...recordTask(mail, { id, createdAt: 0 }), attempts: 0, lastError: null });
    const newerTask = { ...task('n'), body: '{"kind":"outgoing","version":999}' };
    const { jobs, others } = readBatch(batch('outgoing', [task('a'), newerTask, task('b')]), 5);
    expect(jobs.map(({ task: { id } }) => id)).toEqual(['a']);
    expect(others.map(({ id, plan }) => [id, plan.disposition.kind])).toEqual([
      ['n', 'retry'],
      ['b', 'retry'],
    ]);
  });

  it('holds a record that is in the wrong queue', () => {
    const { jobs, others } = readBatch(batch('outgoing', [readable('a')]), 5);
    expect(jobs).toEqual([]);
    expect(others[0]?.plan.disposition).toMatchObject({ kind: 'hold', reason: 'unreadable' });
  });
});
