// Kills a process that uses the spool, many times. Afterwards every task that it reported as stored must exist, every task
// that it reported as done must be done together with its follow-up, and no transaction may be stored partly.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { startPostgres } from '../database/start-postgres.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { lacks } from '../requirements.ts';

const child = fileURLToPath(new URL('./spool-child.ts', import.meta.url));
const reported = { put: new Set<string>(), done: new Set<string>() };

/** Runs the child until it has reported some ids and `end` has ended it; collects the ids. */
async function runUntil(url: string, prefix: string, end: (kill: () => void) => Promise<void>): Promise<void> {
  const program = spawn(process.execPath, ['--import', 'tsx', child, url, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  program.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const gone = new Promise((resolve) => program.once('close', resolve));
  const enough = 20 + Math.random() * 60;
  await expect.poll(() => text.split('\n').length, { timeout: 60_000, interval: 3 }).toBeGreaterThan(enough);
  await end(() => program.kill('SIGKILL'));
  await gone;
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, id] = line.split(' ');
    reported[word as 'put' | 'done'].add(id!);
  }
}

async function check(url: string): Promise<void> {
  const { spool, ledger } = await openSpool({ url });
  const states = await Promise.all([...reported.put].map(async (id) => [id, (await spool.task(id))?.state] as const));
  expect(states.filter(([, state]) => state === undefined)).toEqual([]);
  for (const [id, state] of states) {
    if (reported.done.has(id)) expect(state).toBe('done');
    const followed = (await spool.task(`out-${id}`)) !== null;
    expect([id, followed, await ledger.marked(id)]).toEqual([id, state === 'done', state === 'done']);
  }
  await spool.close();
}

const killing = (kill: () => void) => sleep(Math.random() * 30).then(kill);

describe('a process killed at any moment', () => {
  it('loses no acknowledged task on SQLite', { timeout: 3_600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spool-crash-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const url = `sqlite:${folder}/gateway.db`;
    for (let kills = 0; kills < fullCount(100, 10); kills += 1) await runUntil(url, `s${kills}`, killing);
    await check(url);
    expect(reported.put.size).toBeGreaterThan(100);
    expect(reported.done.size).toBeGreaterThan(0);
  });
});

describe.skipIf(lacks('postgres'))('a process or its PostgreSQL killed at any moment', () => {
  it('loses no acknowledged task', { timeout: 3_600_000 }, async () => {
    reported.put.clear();
    reported.done.clear();
    const server = await startPostgres({ durable: true });
    onTestFinished(() => server.stop());
    for (let kills = 0; kills < fullCount(20, 3); kills += 1) await runUntil(server.url, `p${kills}`, killing);
    for (let crashes = 0; crashes < fullCount(20, 3); crashes += 1) {
      await runUntil(server.url, `c${crashes}`, async (kill) => {
        await sleep(Math.random() * 30);
        await server.crash();
        kill();
      });
      await server.start();
    }
    await check(server.url);
    expect(reported.put.size).toBeGreaterThan(50);
  });
});
