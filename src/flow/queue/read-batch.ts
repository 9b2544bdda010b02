// Parses the tasks of a batch. An unreadable task is held for the operator with the path of the error. A record of a
// newer version is put back unchanged, because another gateway has been upgraded already. The other tasks become jobs.
import { because } from '../../core/reasons.ts';
import type { Batch, QueueName, Task } from '../ports/spool.ts';
import { entryAboutTask, isOfQueue, type Job, readRecord, type ReadRecord } from '../records/records.ts';
import { type Plan, type PlannedTask } from './plan.ts';

export interface ReadBatch {
  readonly jobs: readonly Job[];
  /** The tasks that are not among the jobs. */
  readonly others: readonly PlannedTask[];
}

/** Delay before a record of a newer version is read again. This gateway may be upgraded in the meantime. */
const NEWER_RETRY_MS = 60_000;
/** In these queues the tasks behind one that is put back are put back as well, so that they stay in order. */
const FIFO_QUEUES: ReadonlySet<QueueName> = new Set(['invitation', 'outgoing']);

export function readBatch({ lease, tasks }: Batch, now: number): ReadBatch {
  const jobs: Job[] = [];
  const others: PlannedTask[] = [];
  for (const [at, task] of tasks.entries()) {
    const read = readFor(lease.queue, task);
    if (read.kind === 'record') jobs.push({ task, body: read.body } as Job);
    else if (read.kind === 'unreadable') others.push({ id: task.id, plan: holdUnreadable(task, read.why, now) });
    else {
      const error = `record ${read.what} has version ${read.version}: a later version of the gateway wrote it`;
      const plan: Plan = { disposition: { kind: 'retry', dueAt: now + NEWER_RETRY_MS, error } };
      const isFifo = FIFO_QUEUES.has(lease.queue);
      others.push(...(isFifo ? tasks.slice(at) : [task]).map(({ id }) => ({ id, plan })));
      if (isFifo) break;
    }
  }
  return { jobs, others };
}

function readFor(queue: QueueName, task: Task): ReadRecord {
  const read = readRecord(task);
  if (read.kind !== 'record' || isOfQueue(read.body, queue)) return read;
  return { kind: 'unreadable', why: `kind: ${read.body.kind} does not belong to the queue ${queue}` };
}

function holdUnreadable(task: Task, why: string, at: number): Plan {
  return {
    disposition: { kind: 'hold', reason: 'unreadable', key: `operator:${task.id}` },
    ledger: [entryAboutTask(task, { at, verdict: 'held', ...because('unreadable', { why }) })],
  };
}
