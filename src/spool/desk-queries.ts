// What an operator does to single tasks, in SQL for both back ends: look at what waits and what is held, put it to work,
// hold it, end it. A task whose lane is being worked is left alone: what its worker has done could not be recorded.
import { type Dialect, type Operation, query, queryOne } from './operation.ts';
import { writeLedger } from './ledger-queries.ts';
import { drop, release } from './queue-queries.ts';
import type { LedgerWrite, QueuedTask, QueueName, TaskChange, TaskChanged } from './types.ts';

export interface TaskFilter {
  readonly queue: QueueName | null;
  readonly state: QueuedTask['state'] | null;
  readonly limit: number;
}

const columns = `id, queue, lane, state, body, due_at as "dueAt", created_at as "createdAt", attempts,
  last_error as "lastError", hold_key as "heldFor"`;

/** Oldest first. */
export function* listTasks({ queue, state, limit }: TaskFilter): Operation<QueuedTask[]> {
  const conditions = [state === null ? `state <> 'done'` : 'state = ?', ...(queue === null ? [] : ['queue = ?'])];
  const values = [state, queue].filter((value) => value !== null);
  const sql = `select ${columns} from task where ${conditions.join(' and ')} order by seq limit ?`;
  return yield* query<QueuedTask>(sql, ...values, limit);
}

/** One task; the ledger is written where it is changed. */
export function* changeTask(
  dialect: Dialect,
  id: string,
  change: TaskChange,
  ledger: readonly LedgerWrite[],
  now: number,
): Operation<TaskChanged> {
  const place = yield* queryOne<{ queue: QueueName; lane: string }>('select queue, lane from task where id = ?', id);
  if (place === null) return 'unknown';
  const lane = yield* queryOne<{ until: number }>(
    `select ready_at as until from lane where queue = ? and name = ? and leased = 1${dialect.forUpdate}`,
    place.queue,
    place.lane,
  );
  const task = yield* queryOne<{ state: string; body: string }>('select state, body from task where id = ?', id);
  if (task === null || task.state === 'done') return 'ended';
  if (task.state === 'held' && change === 'hold') return 'held';
  if (task.state === 'waiting' && lane !== null && lane.until > now) return 'under-way';
  if (task.state === 'waiting') {
    const hold = `update task set state = 'held', hold_key = ?, last_error = ? where id = ? and state = 'waiting'`;
    yield* query(hold, `operator:${id}`, 'operator', id);
  }
  if (change === 'drop') yield* drop(dialect, [id], ledger, now);
  else if (change === 'retry') {
    yield* query('update task set attempts = 0 where id = ?', id);
    yield* release([{ id, body: task.body, dueAt: now }], ledger);
  } else yield* writeLedger(ledger);
  return 'changed';
}
