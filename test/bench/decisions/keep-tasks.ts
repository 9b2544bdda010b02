// The load of spool.ts and sqlite.ts: mails of 3 kB, stored by a given number of callers, each of which waits until its
// mail is on disk. In: a keeper; out: mails per second, the number of transactions, and how long the event loop of this
// thread was blocked.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { makeIds } from '../../../src/adapters/spool/new-id.ts';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { query, sqliteDialect } from '../../../src/adapters/spool/operation.ts';
import { bindOperations } from '../../../src/adapters/spool/operations.ts';
import { driver, openFile } from '../../../src/adapters/spool/sqlite-database.ts';
import type { NewTask } from '../../../src/flow/ports/spool.ts';
import { inParallel } from '../bench-kit.ts';

/**
 * `worker`: the spool of the gateway. The others run the same SQL on this thread: `alone` in one transaction per call, `turn`
 * in one transaction per turn of the event loop.
 */
export type KeeperKind = 'worker' | 'alone' | 'turn';

export interface Keeper {
  put(task: NewTask): Promise<void>;
  /** The number of transactions so far; null if unknown. */
  transactions(): Promise<number | null>;
  close(): Promise<void>;
}

export interface KeepFigures {
  /** Tasks per second. */
  readonly rate: number;
  /** null if unknown. */
  readonly transactions: number | null;
  /** Processor time per task, of all threads, µs. */
  readonly cost: number;
  /** How late a timer of this thread fired each time, ms. */
  readonly late: readonly number[];
}

const TICK_MS = 2;
const makeId = makeIds();
const mail = Buffer.alloc(3000, 'mail ');

function newTask(): NewTask {
  const id = makeId(Date.now());
  const body = JSON.stringify({ kind: 'mail', text: 'x'.repeat(300) });
  return { id, queue: 'incoming', lane: id, body, raw: mail, dueAt: Date.now(), createdAt: Date.now() };
}

/** Uses a new SQLite file, which is deleted at the end. */
export async function openKeeper(kind: KeeperKind): Promise<Keeper> {
  const folder = await mkdtemp(join(tmpdir(), 'keep-'));
  const path = join(folder, 'gateway.db');
  const keeper = kind === 'worker' ? await openWorker(path) : await openHere(path, kind === 'turn');
  return {
    ...keeper,
    transactions: () => transactionsOf(path),
    async close() {
      await keeper.close();
      await rm(folder, { recursive: true });
    },
  };
}

type BareKeeper = Omit<Keeper, 'transactions'>;

async function openWorker(path: string): Promise<BareKeeper> {
  const { spool } = await openSpool({ url: `sqlite:${path}` });
  return { put: (task) => spool.put([task]), close: () => spool.close() };
}

async function openHere(path: string, gathers: boolean): Promise<BareKeeper> {
  // Creates the tables.
  await (await openWorker(path)).close();
  const file = await openFile(path, true);
  const drive = driver(file.database);
  const operations = bindOperations(sqliteDialect);
  const commit = (tasks: readonly NewTask[]): void => {
    drive(query('begin immediate'));
    drive(operations.put(tasks, []));
    drive(query('commit'));
  };
  let waiting: NewTask[] = [];
  let kept: Promise<void> | null = null;
  return {
    async put(task) {
      if (!gathers) return commit([task]);
      waiting.push(task);
      kept ??= turn().then(() => {
        const tasks = waiting;
        waiting = [];
        kept = null;
        commit(tasks);
      });
      return kept;
    },
    close: async () => file.close(),
  };
}

/** `iChange` of the log's index (https://www.sqlite.org/walformat.html#the_wal_index_header): one for each transaction. */
async function transactionsOf(path: string): Promise<number> {
  return (await readFile(`${path}-shm`)).readUInt32LE(8);
}

export async function keepTasks(keeper: Keeper, count: number, callers: number): Promise<KeepFigures> {
  const before = await keeper.transactions();
  const late = watchLateness();
  const begun = performance.now();
  const used = process.cpuUsage();
  await inParallel(Array.from({ length: count }), callers, async () => {
    await keeper.put(newTask());
    // The next mail arrives in a later turn of the event loop, as from a socket.
    await turn();
  });
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  const times = await late();
  const after = await keeper.transactions();
  return {
    rate: count / seconds,
    transactions: before === null || after === null ? null : after - before,
    cost: (user + system) / count,
    late: times,
  };
}

/** Records how late a timer fires, until it is stopped. */
export function watchLateness(): () => Promise<number[]> {
  const times: number[] = [];
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const begun = performance.now();
      await sleep(TICK_MS);
      times.push(performance.now() - begun - TICK_MS);
    }
  })();
  return async () => {
    stopped = true;
    await watching;
    return times;
  };
}
