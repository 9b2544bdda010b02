// Why the spool is our own code (docs/decisions/spool.md): the gain of one transaction for all mails that arrive together
// over one transaction each, on SQLite, and on PostgreSQL if it is installed. `node --import tsx
// test/bench/decisions/spool.ts`.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { startPostgres } from '../../system/database/start-postgres.ts';
import { lacks } from '../../system/requirements.ts';
import { type Finding, median, printIfMain } from './findings.ts';
import { type Keeper, type KeepFigures, type KeeperKind, keepTasks, openKeeper } from './keep-tasks.ts';

const COUNT = 2000;
const CALLERS = [1, 10, 50];

export async function measureSpool(): Promise<Finding[]> {
  return [await disk(), ...(await onSqlite()), ...(lacks('postgres') ? [] : await onPostgres())];
}

/** The setting of `synchronous`: what a transaction waits for. */
async function disk(): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'disk-'));
  const file = await open(join(folder, 'log'), 'a');
  const times: number[] = [];
  for (let at = 0; at < 200; at += 1) {
    await file.write(Buffer.alloc(4096));
    const begun = performance.now();
    await file.datasync();
    times.push(performance.now() - begun);
  }
  await file.close();
  await rm(folder, { recursive: true });
  return {
    what: 'an fdatasync of 4 kB on this disk',
    figure: `${median(times).toFixed(2)} ms, median of 200`,
    beside: '',
  };
}

async function onSqlite(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const callers of CALLERS) {
    const [worker, alone] = [await keep('worker', callers), await keep('alone', callers)];
    findings.push({
      what: `our spool on SQLite keeps ${COUNT} mails from ${callers} at a time`,
      figure: said(worker),
      beside: `a transaction for each: ${said(alone)}`,
    });
  }
  return findings;
}

async function keep(kind: KeeperKind, callers: number): Promise<KeepFigures> {
  const keeper = await openKeeper(kind);
  try {
    await keepTasks(keeper, 200, callers);
    return await keepTasks(keeper, COUNT, callers);
  } finally {
    await keeper.close();
  }
}

async function onPostgres(): Promise<Finding[]> {
  const server = await startPostgres({ durable: true });
  try {
    const { spool } = await openSpool({ url: server.url });
    const keeper: Keeper = {
      put: (task) => spool.put([task]),
      transactions: async () => null,
      close: () => spool.close(),
    };
    const findings: Finding[] = [];
    for (const callers of CALLERS) {
      await keepTasks(keeper, 200, callers);
      const figures = await keepTasks(keeper, COUNT, callers);
      findings.push({
        what: `our spool on PostgreSQL keeps ${COUNT} mails from ${callers} at a time`,
        figure: said(figures),
        beside: '',
      });
    }
    await keeper.close();
    return findings;
  } finally {
    await server.stop();
  }
}

function said({ rate, transactions }: KeepFigures): string {
  const speed = `${rate.toFixed(0)}/s`;
  return transactions === null ? speed : `${speed} in ${transactions} transactions`;
}

await printIfMain(import.meta.url, measureSpool);
