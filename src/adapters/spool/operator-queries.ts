// What an operator does to single tasks, in SQL for both back ends: look at what waits and what is held, put it to work,
// hold it, end it. A task whose lane is being worked is left alone: what its worker has done could not be recorded.
import { writeLedger } from './ledger-queries.ts';
import { type Dialect, type Operation, query, queryOne } from './operation.ts';
import { drop, release } from './hold-queries.ts';
import type { LedgerWrite, QueuedTask, QueueName, TaskChange, TaskChanged } from '../../flow/ports/spool.ts';

export interface TaskFilter {
  readonly queue: QueueName | null;
  readonly state: QueuedTask['state'] | null;
  readonly limit: number;
}

const columns = `id, queue, lane, state, body, due_at as "dueAt", created_at as "createdAt", attempts,
  last_error as "lastError", hold_key as "heldFor"`;

/** Oldest first. */
export function* listTasks({ queue, state, limit }: TaskFilter): Operation<QueuedTask[]> {
  const tasks: QueuedTask[] = [];
  for (const wanted of state === null ? (['waiting', 'held'] as const) : [state]) {
    // The state as a literal: the indexes are for one state each.
    const where = `state = '${wanted}'${queue === null ? '' : ' and queue = ?'}`;
    const sql = `select ${columns} from task where ${where} order by seq limit ?`;
    tasks.push(...(yield* query<QueuedTask>(sql, ...(queue === null ? [] : [queue]), limit)));
  }
  return tasks.sort((a, b) => a.createdAt - b.createdAt).slice(0, limit);
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
  // Locked before the task is read, as a commit does it.
  const lane = yield* queryOne<{ leased: number; until: number }>(
    `select leased, ready_at as until from lane where queue = ? and name = ?${dialect.forUpdate}`,
    place.queue,
    place.lane,
  );
  const task = yield* queryOne<{ state: string; body: string }>('select state, body from task where id = ?', id);
  if (task === null || task.state === 'done') return 'ended';
  if (task.state === 'held' && change === 'hold') return 'held';
  if (task.state === 'waiting') {
    if (lane?.leased === 1 && lane.until > now) return 'under-way';
    const hold = `update task set state = 'held', hold_key = ?, last_error = 'operator' where id = ?`;
    yield* query(hold, `operator:${id}`, id);
  }
  switch (change) {
    case 'hold':
      yield* writeLedger(ledger);
      break;
    case 'drop':
      yield* drop(dialect, [id], ledger, now);
      break;
    case 'retry':
      yield* release([{ id, body: task.body, dueAt: now }], ledger);
  }
  return 'changed';
}
