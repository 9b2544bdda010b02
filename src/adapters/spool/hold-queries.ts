// SQL for tasks held for a person's decision, for both back ends. In: a key, ids or reasons; out: the tasks found, released
// or dropped. It skips tasks that are no longer held. Each function is one transaction.
import { writeLedger } from './ledger-queries.ts';
import { type Dialect, type Operation, query } from './operation.ts';
import { type TaskRow, columns, scheduleLanes, tasksWithRaw } from './queue-queries.ts';
import type { LedgerWrite, NewTask } from '../../flow/ports/spool.ts';

export function* findHeld(key: string): Operation<TaskRow[]> {
  const sql = `select ${columns} from ${tasksWithRaw} where t.hold_key = ? and t.state = 'held' order by t.seq`;
  return yield* query<TaskRow>(sql, key);
}

/** Returns the tasks, oldest first. */
export function* findHeldBefore(
  dialect: Dialect,
  reasons: readonly string[],
  before: number,
  limit: number,
): Operation<TaskRow[]> {
  const sql = `select ${columns} from ${tasksWithRaw} where t.state = 'held' and t.last_error in ${dialect.list}
    and t.created_at < ? order by t.seq limit ?`;
  return yield* query<TaskRow>(sql, JSON.stringify(reasons), before, limit);
}

type Released = Pick<NewTask, 'id' | 'queue' | 'lane' | 'dueAt'>;

/** Returns the released tasks. Writes no ledger entry if none was held any more: another decision came first. */
export function* release(
  tasks: readonly { readonly id: string; readonly body: string; readonly dueAt: number }[],
  ledger: readonly LedgerWrite[],
): Operation<Released[]> {
  const released: Released[] = [];
  for (const { id, body, dueAt } of tasks) {
    const sql = `update task set state = 'waiting', hold_key = null, last_error = null, attempts = 0, body = ?, due_at = ?
      where id = ? and state = 'held' returning id, queue, lane, due_at as "dueAt"`;
    released.push(...(yield* query<Released>(sql, body, dueAt, id)));
  }
  yield* scheduleLanes(released);
  if (released.length > 0) yield* writeLedger(ledger);
  return released;
}

export function* drop(
  dialect: Dialect,
  ids: readonly string[],
  ledger: readonly LedgerWrite[],
  at: number,
): Operation<string[]> {
  const sql = `update task set state = 'done', ended_at = ? where id in ${dialect.list} and state = 'held' returning id`;
  const rows = yield* query<{ id: string }>(sql, at, JSON.stringify(ids));
  if (rows.length > 0) yield* writeLedger(ledger);
  return rows.map(({ id }) => id);
}
