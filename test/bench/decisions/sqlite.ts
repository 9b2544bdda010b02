// Why SQLite runs in a thread of its own (docs/decisions/sqlite.md): how long the event loop is held up while mails are kept
// by the driver on this thread and by the worker. `node --import tsx test/bench/decisions/sqlite.ts`.
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../bench-kit.ts';
import { type Finding, printIfMain } from './findings.ts';
import { type KeeperKind, keepTasks, openKeeper, watchLateness } from './keep-tasks.ts';

const COUNT = 2000;

export async function measureSqlite(): Promise<Finding[]> {
  return [await idle(), await callers(1), await callers(50)];
}

/** What the machine itself does to a timer. */
async function idle(): Promise<Finding> {
  const late = watchLateness();
  await sleep(2000);
  return { what: 'how late a timer fires while nothing happens', figure: said(await late()), beside: '' };
}

async function callers(width: number): Promise<Finding> {
  const [worker, turn, alone] = [await keep('worker', width), await keep('turn', width), await keep('alone', width)];
  return {
    what: `how late while SQLite's worker keeps ${COUNT} mails from ${width} at a time`,
    figure: worker,
    beside: `on this thread, those of a turn in a transaction: ${turn}; each in its own: ${alone}`,
  };
}

async function keep(kind: KeeperKind, width: number): Promise<string> {
  const keeper = await openKeeper(kind);
  try {
    await keepTasks(keeper, 200, width);
    const { late, rate, cost } = await keepTasks(keeper, COUNT, width);
    return `${said(late)}, at ${rate.toFixed(0)}/s and ${cost.toFixed(0)} µs of processor time each`;
  } finally {
    await keeper.close();
  }
}

function said(times: readonly number[]): string {
  return `p99 ${quantile(times, 0.99).toFixed(1)} ms, most ${Math.max(...times).toFixed(1)} ms`;
}

await printIfMain(import.meta.url, measureSqlite);
