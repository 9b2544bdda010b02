// A batch of tasks in, records out. A task that cannot be read is held for the operator with the path that is wrong; a
// record of a newer version is put back untouched, because another gateway is being upgraded. Neither stops the others.
import { because } from '../../core/reasons.ts';
import type { Batch, Changes, QueueName, Task } from '../ports/spool.ts';
import { entryAboutTask, isOfQueue, readRecord, type ReadRecord, type Job } from '../records/records.ts';
import { type Plan, record } from './plan.ts';

export interface ReadBatch {
  readonly records: readonly Job[];
  /** What becomes of the tasks that are not among the records. */
  readonly others: readonly { readonly id: string; readonly plan: Plan }[];
}

/** A task that waits for the upgrade of this gateway is looked at again after this. */
const NEWER_RETRY_MS = 60_000;
/** Strictly first in, first out: what is behind a task that waits must wait as well. */
const ordered: ReadonlySet<QueueName> = new Set(['invitation', 'outgoing']);

export function readBatch({ lease, tasks }: Batch, now: number): ReadBatch {
  const records: Job[] = [];
  const others: { id: string; plan: Plan }[] = [];
  for (const [at, task] of tasks.entries()) {
    const read = readFor(lease.queue, task);
    if (read.kind === 'record') records.push({ task, body: read.body } as Job);
    else if (read.kind === 'unreadable') others.push({ id: task.id, plan: holdUnreadable(task, read.why, now) });
    else {
      const error = `record ${read.what} has version ${read.version}: a later version of the gateway wrote it`;
      const plan: Plan = { disposition: { kind: 'retry', dueAt: now + NEWER_RETRY_MS, error } };
      const waiting = ordered.has(lease.queue) ? tasks.slice(at) : [task];
      others.push(...waiting.map(({ id }) => ({ id, plan })));
      if (waiting.length > 1) break;
    }
  }
  return { records, others };
}

function readFor(queue: QueueName, task: Task): ReadRecord {
  const read = readRecord(task);
  if (read.kind !== 'record' || isOfQueue(read.body, queue)) return read;
  return { kind: 'unreadable', why: `kind: ${read.body.kind} does not belong to the queue ${queue}` };
}

function holdUnreadable(task: Task, why: string, at: number): Plan {
  return {
    disposition: { kind: 'hold', reason: 'unreadable', key: `operator:${task.id}` },
    ledger: [record(entryAboutTask(task, { at, verdict: 'held', ...because('unreadable', { why }) }))],
  };
}

export function joinChanges(one: Changes, other: Changes): Changes {
  return {
    done: [...(one.done ?? []), ...(other.done ?? [])],
    retry: [...(one.retry ?? []), ...(other.retry ?? [])],
    hold: [...(one.hold ?? []), ...(other.hold ?? [])],
    add: [...(one.add ?? []), ...(other.add ?? [])],
    ledger: [...(one.ledger ?? []), ...(other.ledger ?? [])],
  };
}
