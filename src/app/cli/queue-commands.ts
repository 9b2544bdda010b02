// `imip-gateway queue`: lists tasks, shows one, and retries, holds or drops them, also while the gateway runs. In: ids and
// filters; out: tasks, for JSON or a terminal. Every change is recorded in the ledger. A task that is running is not changed.
import { DAY, HOUR } from '../../core/ical/local-time.ts';
import type {
  Ledger,
  OperatorActions,
  QueueName,
  QueueStatus,
  Spool,
  Task,
  TaskChange,
  TaskChangeResult,
} from '../../flow/ports/spool.ts';
import { type AnyRecord, describeTask, entryAboutTask, readRecord } from '../../flow/records/records.ts';
import { because } from '../../core/reasons.ts';
import { type DatedEntry, datedEntry } from './describe-entries.ts';
import { terminalText } from './terminal-text.ts';
import { FAILED_PREFIX } from '../../flow/queue/after-failure.ts';

export interface QueueCommandOptions {
  readonly actions: OperatorActions;
  readonly spool: Pick<Spool, 'status' | 'task'>;
  readonly ledger: Pick<Ledger, 'entries'>;
  readonly now: () => number;
}

/** Times are ISO 8601, in UTC. */
export interface ListedTask {
  readonly id: string;
  readonly queue: QueueName;
  readonly state: 'waiting' | 'held' | 'done';
  readonly kind: string;
  readonly since: string;
  /** null unless the task waits. */
  readonly due: string | null;
  readonly attempts: number;
  /** Who must decide. */
  readonly heldFor: 'operator' | 'organizer' | null;
  readonly reason: string | null;
  readonly door: string;
  readonly organizer: string | null;
  readonly attendee: string | null;
  readonly uid: string | null;
}

export interface Listing {
  readonly queues: readonly QueueStatus[];
  readonly tasks: readonly ListedTask[];
}

export interface ShownTask extends ListedTask {
  /** As stored if it is not a valid record. */
  readonly body: AnyRecord | string;
  /** Size of the stored mail, in bytes. */
  readonly rawBytes: number | null;
  /** The entries of this task and of the tasks that followed from it. */
  readonly ledger: readonly DatedEntry[];
}

const MAX_ENTRIES = 50;

export async function listQueue(
  { actions, spool }: QueueCommandOptions,
  filter: Parameters<OperatorActions['list']>[0],
): Promise<Listing> {
  const [queues, tasks] = await Promise.all([spool.status(), actions.list(filter)]);
  return { queues, tasks: tasks.map((task) => listTask(task)) };
}

/** Returns null if no task has this id. */
export async function showTask({ spool, ledger }: QueueCommandOptions, id: string): Promise<ShownTask | null> {
  const task = await spool.task(id);
  if (task === null) return null;
  return {
    ...listTask(task),
    body: readBody(task),
    rawBytes: task.raw?.byteLength ?? null,
    ledger: (await ledger.entries(id, MAX_ENTRIES)).map(datedEntry),
  };
}

function readBody(task: Task): AnyRecord | string {
  const read = readRecord(task);
  return read.kind === 'record' ? read.body : task.body;
}

/** Changes each task in a separate transaction, so that an error with one task does not stop the others. */
export async function changeTasks(
  { actions, spool, now }: QueueCommandOptions,
  change: TaskChange,
  ids: readonly string[],
): Promise<{ id: string; result: TaskChangeResult }[]> {
  const results: { id: string; result: TaskChangeResult }[] = [];
  for (const id of new Set(ids)) {
    const task = await spool.task(id);
    const at = now();
    const entry = task === null ? [] : [entryAboutTask(task, { at, ...ENTRY_FACTS[change] })];
    results.push({ id, result: await actions.change(id, change, entry, at) });
  }
  return results;
}

const ENTRY_FACTS = {
  retry: { verdict: 'decided', ...because('operator-retry') },
  hold: { verdict: 'held', ...because('operator') },
  drop: { verdict: 'decided', ...because('operator-drop') },
} as const;

/** Whether the gateway or the operator holds the task; all others are held for the organizer. */
function isForOperator(reason: string): boolean {
  return reason === 'operator' || reason === 'unreadable' || reason.startsWith(FAILED_PREFIX);
}

function listTask(task: Omit<Task, 'raw'> & Pick<ListedTask, 'state'>): ListedTask {
  const { id, queue, state, attempts, lastError } = task;
  const { body, kind, origin, subject } = describeTask(task);
  const { organizer, attendee, uid } = subject;
  return {
    id,
    queue,
    state,
    kind,
    since: new Date(task.createdAt).toISOString(),
    due: state === 'waiting' ? new Date(task.dueAt).toISOString() : null,
    attempts,
    heldFor: state !== 'held' ? null : isForOperator(lastError ?? '') ? 'operator' : 'organizer',
    reason: lastError,
    door: origin.door,
    organizer,
    attendee: attendee ?? (body?.kind === 'mail' ? body.envelope.mailFrom || '<>' : null),
    uid,
  };
}

/** Formats the counts of each queue and a table of tasks, for a terminal. */
export function formatListing({ queues, tasks }: Listing, now: number): string {
  const counts = queues.map(({ queue, waiting, held, oldest }) => [
    queue,
    String(waiting),
    String(held),
    oldest === null ? '-' : formatAge(now - oldest),
  ]);
  const summary = table([['QUEUE', 'WAITING', 'HELD', 'OLDEST'], ...counts]);
  if (tasks.length === 0) return summary;
  const rows = tasks.map((task) => [
    task.id,
    task.queue,
    task.state === 'held' ? `held (${task.heldFor})` : 'waiting',
    formatAge(now - Date.parse(task.since)),
    task.due === null ? '-' : Date.parse(task.due) <= now ? 'now' : `in ${formatAge(Date.parse(task.due) - now)}`,
    String(task.attempts),
    [task.kind, task.attendee, task.uid].filter((each) => each !== null).join(' '),
    task.reason ?? '',
  ]);
  return `${summary}\n\n${table([['ID', 'QUEUE', 'STATE', 'AGE', 'DUE', 'TRIES', 'ABOUT', 'REASON'], ...rows])}`;
}

/** Formats one task in full, for a terminal. */
export function formatTask({ body, ledger, ...task }: ShownTask): string {
  const facts = Object.entries(task).filter(([, value]) => value !== null);
  const entries = ledger.map(
    ({ at, verdict, reason, detail }) => `${at}  ${verdict}: ${reason}\n  ${terminalText(detail)}`,
  );
  return [
    facts.map(([name, value]) => `${name}: ${terminalText(String(value))}`).join('\n'),
    `body: ${JSON.stringify(body, null, 2).split('\n').map(terminalText).join('\n')}`,
    ...entries,
  ].join('\n\n');
}

/** Formats one line per result. */
export function formatChanges(
  change: TaskChange,
  results: readonly { id: string; result: TaskChangeResult }[],
): string {
  const done = { retry: 'runs now', hold: 'held', drop: 'dropped' }[change];
  const texts: Record<TaskChangeResult, string> = {
    changed: done,
    unknown: 'no task has this id',
    'under-way': 'is running now: try again later',
    held: 'is already held',
    ended: 'has already ended',
  };
  return results.map(({ id, result }) => `${id}: ${texts[result]}`).join('\n');
}

const UNITS = [
  ['d', DAY],
  ['h', HOUR],
  ['m', 60_000],
  ['s', 1_000],
] as const;

function formatAge(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ['s', 1_000];
  return `${Math.max(Math.floor(ms / size), 0)}${unit}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(terminalText));
  const widths = cells.reduce<number[]>((all, row) => row.map((cell, at) => Math.max(cell.length, all[at] ?? 0)), []);
  return cells
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
