// The cost of a long queue: put, claim and commit with nothing waiting, and with many tasks waiting in many lanes and in
// one, in the same run. `node --import tsx test/bench/queue.ts [waiting] [DATABASE_URL]` prints a table of milliseconds.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeIds } from '../../src/adapters/spool/new-id.ts';
import { openSpool } from '../../src/adapters/spool/open-spool.ts';
import type { NewTask, QueueName, Spool } from '../../src/flow/ports/spool.ts';

export interface QueueFigures {
  readonly state: string;
  /** The median of one call without other load, ms. */
  readonly put: number;
  /** Claims ten lanes, and the commits that end them. */
  readonly claim: number;
  readonly commit: number;
  /** 500 answers of one event. */
  readonly claimHot: number;
  readonly commitHot: number;
  readonly nextDue: number;
  readonly status: number;
}

const samples = 15;
const makeId = makeIds();
const mail = Buffer.alloc(3000, 'mail ');

function newTask(queue: QueueName, lane: string | null, dueAt: number): NewTask {
  const id = makeId(Date.now());
  const body = JSON.stringify({ kind: 'mail', text: 'x'.repeat(300) });
  return { id, queue, lane: lane ?? id, body, raw: queue === 'incoming' ? mail : null, dueAt, createdAt: Date.now() };
}

async function fill(spool: Spool, count: number, make: (n: number) => NewTask): Promise<void> {
  for (let n = 0; n < count; n += 500) await spool.put(Array.from({ length: 500 }, (_, m) => make(n + m)));
}

async function median(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) times.push(await measure());
  return middle(times);
}

function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function measureState(spool: Spool, state: string): Promise<QueueFigures> {
  const now = Date.now();
  const commits: number[] = [];
  const hotCommits: number[] = [];
  /** Claims the newest tasks, which are due before all waiting ones. */
  const cycle = async (queue: QueueName, lanes: number, perLane: number, ends: number[]): Promise<number> => {
    let claimed: Awaited<ReturnType<Spool['claim']>> = [];
    const time = await took(async () => {
      claimed = await spool.claim(queue, { lanes, perLane, leaseMs: 60_000, longestWaitMs: 3_600_000, now });
    });
    for (const { lease, tasks } of claimed) {
      const done = tasks.map(({ id }) => id);
      ends.push(await took(() => spool.commit(lease, { done })));
    }
    return time;
  };
  const put = await median(() => took(() => spool.put([newTask('incoming', null, now + 3_600_000)])));
  const claim = await median(async () => {
    await spool.put(Array.from({ length: 10 }, () => newTask('incoming', null, 1)));
    return cycle('incoming', 10, 1, commits);
  });
  const claimHot = await median(async () => {
    await spool.put(Array.from({ length: 500 }, () => newTask('event', 'hot', 1)));
    return cycle('event', 1, 500, hotCommits);
  });
  return {
    state,
    put,
    claim,
    commit: middle(commits),
    claimHot,
    commitHot: middle(hotCommits),
    nextDue: await median(() => took(() => spool.nextDue('incoming'))),
    status: await median(() => took(() => spool.status())),
  };
}

/** Puts `waiting` tasks into as many lanes, then as many into one lane, all due long after the measurement. */
export async function measureQueue(url: string, waiting: number): Promise<QueueFigures[]> {
  const { spool } = await openSpool({ url });
  const later = Date.now() + 3_600_000;
  const empty = await measureState(spool, 'nothing waiting');
  await fill(spool, waiting, () => newTask('incoming', null, later));
  const lanes = await measureState(spool, `${waiting} waiting in as many lanes`);
  await fill(spool, waiting, () => newTask('event', 'hot', later));
  const hot = await measureState(spool, `and ${waiting} in one lane`);
  await spool.close();
  return [empty, lanes, hot];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = await mkdtemp(join(tmpdir(), 'queue-'));
  const url = process.argv[3] ?? `sqlite:${folder}/gateway.db`;
  const figures = await measureQueue(url, Number(process.argv[2] ?? 100_000));
  console.table(
    figures.map((each) =>
      Object.fromEntries(
        Object.entries(each).map(([name, value]) => [
          name,
          typeof value === 'number' ? Number(value.toFixed(2)) : value,
        ]),
      ),
    ),
  );
  await rm(folder, { recursive: true });
}
