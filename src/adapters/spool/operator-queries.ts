// SQL for the operator's actions on single tasks, for both back ends. In: a filter, or a task's id and the change; out: the
// tasks, or the result of the change. It refuses to change a task whose lane is leased, because its worker could not record
// what it has done.
import { writeLedger } from './ledger-queries.ts';
import { type Dialect, type Operation, query, queryOne } from './operation.ts';
import { drop, release } from './hold-queries.ts';
import type { LedgerWrite, QueuedTask, QueueName, TaskChange, TaskChangeResult } from '../../flow/ports/spool.ts';

export interface TaskFilter {
  readonly queue: QueueName | null;
  readonly state: QueuedTask['state'] | null;
  readonly limit: number;
}

const columns = `id, queue, lane, state, body, due_at as "dueAt", created_at as "createdAt", attempts,
  last_error as "lastError", hold_key as "heldFor"`;

/** Returns the tasks, oldest first. */
export function* listTasks({ queue, state, limit }: TaskFilter): Operation<QueuedTask[]> {
  const tasks: QueuedTask[] = [];
  for (const wanted of state === null ? (['waiting', 'held'] as const) : [state]) {
    // The state is a literal because each index covers only one state.
    const where = `state = '${wanted}'${queue === null ? '' : ' and queue = ?'}`;
    const sql = `select ${columns} from task where ${where} order by seq limit ?`;
    tasks.push(...(yield* query<QueuedTask>(sql, ...(queue === null ? [] : [queue]), limit)));
  }
  return tasks.sort((a, b) => a.createdAt - b.createdAt).slice(0, limit);
}

/** Changes one task. The ledger is written only if the task changes. */
export function* changeTask(
  dialect: Dialect,
  id: string,
  change: TaskChange,
  ledger: readonly LedgerWrite[],
  now: number,
): Operation<TaskChangeResult> {
  const found = yield* queryOne<{ queue: QueueName; lane: string }>('select queue, lane from task where id = ?', id);
  if (found === null) return 'unknown';
  // The lane is locked before the task is read, as in a commit.
  const lane = yield* queryOne<{ leased: number; until: number }>(
    `select leased, ready_at as until from lane where queue = ? and name = ?${dialect.forUpdate}`,
    found.queue,
    found.lane,
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
