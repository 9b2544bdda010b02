// Why SQLite runs in a worker thread (docs/decisions/sqlite.md): how late a timer of the main thread fires while mails are
// stored by the worker, and by the driver on the main thread, on this disk and on one whose fdatasync takes 20 ms (delayed
// by strace). `node --import tsx test/bench/decisions/sqlite.ts`.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lacks } from '../../system/requirements.ts';
import { quantile } from '../bench-kit.ts';
import { type Finding, printIfMain } from './findings.ts';
import { type KeeperKind, type KeepFigures, watchLateness } from './keep-tasks.ts';

const CALLERS = [1, 50];
const SLOW_MS = 20;
const child = fileURLToPath(new URL('./sqlite-child.ts', import.meta.url));
const run = promisify(execFile);

interface Disk {
  readonly what: string;
  readonly count: number;
  /** A command that runs the child. */
  readonly startedBy: readonly string[];
}

const ownDisk: Disk = { what: 'this disk', count: 2000, startedBy: [] };
const calls = 'fdatasync,fsync';
const slowDisk: Disk = {
  what: `a disk that takes ${SLOW_MS} ms`,
  count: 500,
  startedBy:
    `strace -f -qq --seccomp-bpf -o /dev/null -e trace=${calls} -e inject=${calls}:delay_enter=${SLOW_MS * 1000}`.split(
      ' ',
    ),
};

export async function measureSqlite(): Promise<Finding[]> {
  const findings = [await idle()];
  for (const disk of lacks('strace') ? [ownDisk] : [ownDisk, slowDisk]) {
    for (const callers of CALLERS) findings.push(await lateness(disk, callers));
  }
  return findings;
}

/** How late a timer fires on this machine without any load. */
async function idle(): Promise<Finding> {
  const late = watchLateness();
  await sleep(2000);
  return { what: 'how late a timer fires while nothing happens', figure: said(await late()), beside: '' };
}

async function lateness(disk: Disk, callers: number): Promise<Finding> {
  const [worker, turn, alone] = [
    await keep(disk, 'worker', callers),
    await keep(disk, 'turn', callers),
    await keep(disk, 'alone', callers),
  ];
  return {
    what: `how late while SQLite's worker keeps mails from ${callers} at a time on ${disk.what}`,
    figure: worker,
    beside: `on this thread, those of a turn in a transaction: ${turn}; each in its own: ${alone}`,
  };
}

async function keep({ startedBy, count }: Disk, kind: KeeperKind, callers: number): Promise<string> {
  const node = [process.execPath, '--import', 'tsx', child, kind, String(count), String(callers)];
  const [command = '', ...args] = [...startedBy, ...node];
  const { stdout } = await run(command, args, { maxBuffer: 2 ** 24 });
  const { late, rate, cost } = JSON.parse(stdout) as KeepFigures;
  return `${said(late)}, ${rate.toFixed(0)}/s, ${cost.toFixed(0)} µs of processor time each`;
}

function said(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
}

await printIfMain(import.meta.url, measureSqlite);
