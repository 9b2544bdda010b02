// SQL for tasks and lanes, for both back ends. In: tasks, leases and changes; out: batches, or whether the lease was
// still valid. It refuses a commit or renewal whose lease was lost. Each exported operation is one transaction. A lane's
// row is locked before its tasks are read, so that a put and a commit of the same lane are serialised.
import { type Dialect, groupBy, insertEach, type Operation, type Param, query, queryOne } from './operation.ts';
import { deleteUnusedCalendars, storeCalendars, writeLedger } from './ledger-queries.ts';
import {
  type Changes,
  type ClaimOptions,
  type Lease,
  type LedgerWrite,
  type NewTask,
  type QueueName,
  QUEUES,
  type QueueStatus,
  type Task,
  type TaskRetry,
} from '../../flow/ports/spool.ts';

const orderedQueues: ReadonlySet<QueueName> = new Set(['invitation', 'outgoing']);
/** A claim returns about this many bytes at most. */
const claimBytes = 32 * 1024 * 1024;

/** A task as stored: with the digest of its calendar instead of the text. */
export type TaskRow = Omit<Task, 'calendar'> & { readonly digest: string | null };

export interface BatchRows {
  readonly lease: Lease;
  readonly tasks: readonly TaskRow[];
}

export type TaskRowWithState = TaskRow & { readonly state: 'waiting' | 'held' | 'done' };

export const columns = `t.id, t.queue, t.lane, t.body, t.due_at as "dueAt", t.created_at as "createdAt", t.attempts,
  t.last_error as "lastError", t.calendar_digest as digest, r.bytes as raw`;
export const tasksWithRaw = 'task t left join task_raw r on r.task = t.seq';

export function* put(tasks: readonly NewTask[], ledger: readonly LedgerWrite[]): Operation<void> {
  yield* insertTasks(tasks);
  yield* writeLedger(ledger);
}

/** Inserts tasks idempotently: a task with a known id is skipped, with its bytes and its lane. */
function* insertTasks(tasks: readonly NewTask[]): Operation<void> {
  const digests = yield* storeCalendars(tasks.flatMap(({ calendar }) => calendar ?? []));
  const rows = yield* insertEach<{ id: string; seq: number }>(
    `insert into task (id, queue, lane, state, body, due_at, created_at, attempts, calendar_digest)
     values (?, ?, ?, 'waiting', ?, ?, ?, 0, ?) on conflict (id) do nothing returning id, seq`,
    tasks.map(({ id, queue, lane, body, dueAt, createdAt, calendar }): Param[] => {
      return [id, queue, lane, body, dueAt, createdAt, digests.get(calendar ?? '') ?? null];
    }),
  );
  const seqs = new Map(rows.map(({ id, seq }) => [id, seq]));
  const inserted = tasks.filter(({ id }) => seqs.has(id));
  yield* insertEach(
    'insert into task_raw (task, bytes) values (?, ?) on conflict (task) do nothing',
    inserted.flatMap(({ id, raw }): Param[][] => (raw === null ? [] : [[seqs.get(id)!, raw]])),
  );
  yield* scheduleLanes(inserted);
}

type Lane = Pick<NewTask, 'queue' | 'lane' | 'dueAt'>;

/**
 * Makes the lanes of these tasks claimable when the tasks are due. A leased lane is skipped, because the commit sets its
 * time again. Lanes are updated in a fixed order, so that two transactions do not deadlock.
 */
export function* scheduleLanes(tasks: readonly Lane[]): Operation<void> {
  const lanes = groupBy(tasks, ({ queue, lane }) => `${queue} ${lane}`).sort(byLane);
  yield* insertEach(
    `insert into lane (queue, name, fence, leased, ready_at) values (?, ?, 0, 0, ?)
     on conflict (queue, name) do update set ready_at =
       case when lane.leased = 0 and excluded.ready_at < lane.ready_at then excluded.ready_at else lane.ready_at end`,
    lanes.map((group): Param[] => [
      group[0]!.queue,
      group[0]!.lane,
      group.reduce((first, { dueAt }) => Math.min(first, dueAt), Infinity),
    ]),
  );
}

export function* claim(dialect: Dialect, queue: QueueName, options: ClaimOptions): Operation<BatchRows[]> {
  yield* correctReadyTimes(dialect, queue, options);
  const batches: BatchRows[] = [];
  let bytes = 0;
  for (let wanted = options.lanes; wanted > 0; wanted = options.lanes - batches.length) {
    const { fence, seen, lanes } = yield* leaseLanes(dialect, queue, wanted, options);
    const before = batches.length;
    for (const lane of lanes) {
      const tasks = bytes < claimBytes ? yield* selectDueTasks(queue, lane, options) : [];
      if (tasks.length === 0) yield* freeLane(queue, lane);
      else batches.push({ lease: { queue, lane, fence }, tasks });
      for (const { body, raw } of tasks) bytes += body.length + (raw?.byteLength ?? 0);
    }
    // Another round is needed only if some lanes were ready and had no due task (`ready_at` may be too early).
    const found = batches.length - before;
    if (seen < wanted || found === seen || bytes >= claimBytes) break;
  }
  return batches;
}

/**
 * Corrects lanes whose `ready_at` lies further in the future than any due time may, because the clock was set back: at most
 * `lanes` of them become ready. A leased lane gets a lease from now on, because its worker may still be running.
 */
function* correctReadyTimes(dialect: Dialect, queue: QueueName, options: ClaimOptions): Operation<void> {
  const { lanes, leaseMs, longestWaitMs, now } = options;
  const horizon = now + longestWaitMs;
  const latest = yield* queryOne<{ at: number | null }>('select max(ready_at) as at from lane where queue = ?', queue);
  if (latest === null || latest.at === null || latest.at <= horizon) return;
  yield* query(
    `with far as materialized (
       select name from lane where queue = ? and ready_at > ? order by ready_at limit ?${dialect.skipLocked})
     update lane set ready_at = ? + leased * ? where queue = ? and name in (select name from far)`,
    queue,
    horizon,
    lanes,
    now,
    leaseMs,
    queue,
  );
}

/**
 * Leases the lanes that are ready and returns those that the caller now owns. A lease that expired more than `leaseMs` ago
 * is not taken over but extended once with its old fence, because the clock may have been set forward: a worker that is
 * still running renews it in that time. Taking it over at once would repeat work in progress.
 */
function* leaseLanes(
  dialect: Dialect,
  queue: QueueName,
  wanted: number,
  { leaseMs, now }: ClaimOptions,
): Operation<{ fence: number; seen: number; lanes: string[] }> {
  const ready = yield* queryOne('select 1 as ready from lane where queue = ? and ready_at <= ? limit 1', queue, now);
  if (ready === null) return { fence: 0, seen: 0, lanes: [] };
  const fence = (yield* queryOne<{ value: number }>(dialect.nextFence))?.value ?? 0;
  const rows = yield* query<{ name: string; fence: number }>(
    `with ready as materialized (
       select name from lane where queue = ? and ready_at <= ? order by ready_at limit ?${dialect.skipLocked})
     update lane set leased = 1, fence = case when leased = 1 and ready_at < ? then fence else ? end, ready_at = ?
     where queue = ? and name in (select name from ready) returning name, fence`,
    queue,
    now,
    wanted,
    now - leaseMs,
    fence,
    now + leaseMs,
    queue,
  );
  return { fence, seen: rows.length, lanes: rows.filter((row) => row.fence === fence).map(({ name }) => name) };
}

function* selectDueTasks(queue: QueueName, lane: string, options: ClaimOptions): Operation<TaskRow[]> {
  const { perLane, now } = options;
  const horizon = now + options.longestWaitMs;
  if (!orderedQueues.has(queue)) {
    return yield* query<TaskRow>(
      `select ${columns} from ${tasksWithRaw}
       where t.queue = ? and t.lane = ? and t.state = 'waiting' and (t.due_at <= ? or t.due_at > ?)
       order by t.seq limit ?`,
      queue,
      lane,
      now,
      horizon,
      perLane,
    );
  }
  const tasks = yield* query<TaskRow>(
    `select ${columns} from ${tasksWithRaw}
     where t.queue = ? and t.lane = ? and t.state = 'waiting' order by t.seq limit ?`,
    queue,
    lane,
    perLane,
  );
  const notDue = tasks.findIndex(({ dueAt }) => dueAt > now && dueAt <= horizon);
  return notDue === -1 ? tasks : tasks.slice(0, notDue);
}

/** Ends a lane's lease. The lane is claimable again when its next task is due; without a waiting task its row is deleted. */
function* freeLane(queue: QueueName, lane: string): Operation<void> {
  const due = orderedQueues.has(queue) ? 'due_at' : 'min(due_at)';
  const order = orderedQueues.has(queue) ? ' order by seq limit 1' : '';
  const next = yield* queryOne<{ due: number | null }>(
    `select ${due} as due from task where queue = ? and lane = ? and state = 'waiting'${order}`,
    queue,
    lane,
  );
  if (next === null || next.due === null) yield* query('delete from lane where queue = ? and name = ?', queue, lane);
  else yield* query('update lane set leased = 0, ready_at = ? where queue = ? and name = ?', next.due, queue, lane);
}

export function* renew(lease: Lease, leaseMs: number, now: number): Operation<boolean> {
  const rows = yield* query(
    'update lane set ready_at = ? where queue = ? and name = ? and fence = ? and leased = 1 returning 1',
    now + leaseMs,
    lease.queue,
    lease.lane,
    lease.fence,
  );
  return rows.length > 0;
}

export function* commit(dialect: Dialect, lease: Lease, changes: Changes, at: number): Operation<boolean> {
  const { queue, lane, fence } = lease;
  const sql = `select 1 as held from lane where queue = ? and name = ? and fence = ? and leased = 1${dialect.forUpdate}`;
  if ((yield* queryOne(sql, queue, lane, fence)) === null) return false;
  // With `state = 'waiting'`, the planner would scan the whole lane instead of looking up the ids.
  const ownTasks = `id in ${dialect.list} and queue = ? and lane = ? and state not in ('held', 'done')`;
  if (changes.done?.length) {
    const done = JSON.stringify(changes.done);
    yield* query(`update task set state = 'done', ended_at = ? where ${ownTasks}`, at, done, queue, lane);
  }
  for (const group of groupBy(changes.retry ?? [], retryKey)) {
    const { dueAt, error, waitsFor = null } = group[0]!;
    const retry = 'due_at = ?, last_error = ?, waits_for = ?, attempts = attempts + 1';
    yield* query(`update task set ${retry} where ${ownTasks}`, dueAt, error, waitsFor, idsOf(group), queue, lane);
  }
  for (const group of groupBy(changes.hold ?? [], ({ key, reason }) => JSON.stringify([reason, key]))) {
    const { key, reason } = group[0]!;
    const hold = `state = 'held', hold_key = ?, last_error = ?`;
    yield* query(`update task set ${hold} where ${ownTasks}`, key, reason, idsOf(group), queue, lane);
  }
  yield* insertTasks(changes.add ?? []);
  yield* writeLedger(changes.ledger ?? []);
  yield* freeLane(queue, lane);
  return true;
}

/**
 * Makes waiting tasks due now, the oldest first, and returns the queue of each. A leased lane gets its new time when its
 * lease is committed.
 */
export function* wake(dialect: Dialect, waitsFor: string, limit: number, now: number): Operation<QueueName[]> {
  const tasks = yield* query<Lane & { seq: number }>(
    `select seq, queue, lane, due_at as "dueAt" from task where waits_for = ? and state = 'waiting' order by seq limit ?`,
    waitsFor,
    limit,
  );
  // Lanes are locked before tasks, as in a commit.
  yield* scheduleLanes(tasks.map(({ queue, lane, dueAt }) => ({ queue, lane, dueAt: Math.min(dueAt, now) })));
  const due = 'due_at = case when due_at > ? then ? else due_at end, waits_for = null';
  const seqs = JSON.stringify(tasks.map(({ seq }) => seq));
  if (tasks.length > 0) {
    yield* query(`update task set ${due} where seq in ${dialect.numbers} and state = 'waiting'`, now, now, seqs);
  }
  return tasks.map(({ queue }) => queue);
}

function byLane([a]: readonly Lane[], [b]: readonly Lane[]): number {
  return `${a?.queue} ${a?.lane}` < `${b?.queue} ${b?.lane}` ? -1 : 1;
}

function retryKey({ dueAt, error, waitsFor = null }: TaskRetry): string {
  return JSON.stringify([dueAt, error, waitsFor]);
}

function idsOf(items: readonly { readonly id: string }[]): string {
  return JSON.stringify(items.map(({ id }) => id));
}

export function* findNextDue(queue: QueueName): Operation<number | null> {
  const row = yield* queryOne<{ due: number | null }>('select min(ready_at) as due from lane where queue = ?', queue);
  return row?.due ?? null;
}

export function* findTask(id: string): Operation<TaskRowWithState | null> {
  return yield* queryOne<TaskRowWithState>(`select ${columns}, t.state from ${tasksWithRaw} where t.id = ?`, id);
}

export function* countTasks(): Operation<QueueStatus[]> {
  const waiting = yield* query<{ queue: QueueName; count: number; oldest: number }>(
    `select queue, count(*) as count, min(created_at) as oldest from task where state = 'waiting' group by queue`,
  );
  const held = yield* query<{ queue: QueueName; count: number }>(
    `select queue, count(*) as count from task where state = 'held' group by queue`,
  );
  return QUEUES.map((queue) => {
    const row = waiting.find((each) => each.queue === queue);
    const heldRow = held.find((each) => each.queue === queue);
    return { queue, waiting: row?.count ?? 0, held: heldRow?.count ?? 0, oldest: row?.oldest ?? null };
  });
}

/** Deletes up to `limit` tasks that ended before `before`, and returns how many; 0 means that none is left. */
export function* pruneTasks(dialect: Dialect, before: number, limit: number): Operation<number> {
  const rows = yield* query<{ seq: number; digest: string | null }>(
    `select seq, calendar_digest as digest from task where state = 'done' and ended_at < ? order by ended_at limit ?`,
    before,
    limit,
  );
  const seqs = JSON.stringify(rows.map(({ seq }) => seq));
  if (rows.length > 0) {
    yield* query(`delete from task_raw where task in ${dialect.numbers}`, seqs);
    yield* query(`delete from task where seq in ${dialect.numbers}`, seqs);
    yield* deleteUnusedCalendars(dialect, [...new Set(rows.flatMap(({ digest }) => digest ?? []))]);
  }
  return rows.length;
}

/** Ends every lease. For SQLite at start-up, when the lock proves that no other gateway uses the database. */
export function* freeAllLanes(): Operation<void> {
  const rows = yield* query<{ queue: QueueName; name: string }>('select queue, name from lane where leased = 1');
  for (const { queue, name } of rows) yield* freeLane(queue, name);
}

export function* probe(value: number): Operation<boolean> {
  yield* query('insert into probe values (1, ?) on conflict (id) do update set value = excluded.value', value);
  return (yield* queryOne<{ value: number }>('select value from probe where id = 1'))?.value === value;
}
