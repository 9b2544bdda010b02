// Uses a spool on a disk that fills up or fails; disk.test.ts runs it in a separate process. Arguments: `fill` or `fail`,
// and the folder. Prints one line of JSON.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../src/core/errors.ts';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import type { Spool } from '../../../src/flow/ports/spool.ts';
import { idsOf, newTask } from '../../adapters/spool/records.ts';

const [what = '', folder = ''] = process.argv.slice(2);
const url = `sqlite:${folder}/spool/gateway.db`;
const raw = new Uint8Array(50_000).fill(65);

/** Returns the error code, followed by `temporary` if it is; `kept` without an error. */
async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'kept',
    (error: unknown) =>
      error instanceof GatewayError ? `${error.code}${error.temporary ? ' temporary' : ''}` : String(error),
  );
}

async function putUntilRefused(spool: Spool): Promise<{ kept: string[]; refusal: string }> {
  const kept: string[] = [];
  for (;;) {
    const task = newTask({ queue: 'incoming', raw });
    const refusal = await outcome(spool.put([task]));
    if (refusal !== 'kept') return { kept, refusal };
    kept.push(task.id);
  }
}

/** Stores mails until the spool refuses them, then fills the disk completely, then frees space again. */
async function fill(): Promise<unknown> {
  const { spool } = await openSpool({ url });
  const { kept, refusal } = await putUntilRefused(spool);
  const readyWhileShort = await outcome(spool.probe());
  const claimed = await spool.claim('incoming', {
    lanes: 3,
    perLane: 1,
    leaseMs: 60_000,
    longestWaitMs: 3_600_000,
    now: 1,
  });
  const [first, second] = claimed.map(({ lease, tasks }) => ({ lease, done: idsOf(tasks) }));
  const workedWhileShort = await spool.commit(first!.lease, { done: first!.done });
  takeAllSpace(join(folder, 'ballast'));
  const add = [1, 2, 3, 4].map(() => newTask({ queue: 'outgoing', raw: new Uint8Array(20_000_000) }));
  const whileFull = await outcome(spool.commit(second!.lease, { done: second!.done, add }));
  const probeWhileFull = await outcome(spool.put([newTask()]));
  rmSync(join(folder, 'ballast'));
  const committedAgain = await spool.commit(second!.lease, { done: second!.done });
  await spool.prune(Date.now() + 1000, 0);
  await spool.close();
  const again = await openSpool({ url });
  const states = await Promise.all(kept.map(async (id) => (await again.spool.task(id))?.state));
  const count = (state: string | undefined) => states.filter((each) => each === state).length;
  await again.spool.close();
  return {
    refusal,
    readyWhileShort,
    workedWhileShort,
    whileFull,
    probeWhileFull,
    committedAgain,
    kept: kept.length,
    waiting: count('waiting'),
  };
}

function takeAllSpace(path: string): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(size), { flag: 'a' });
    } catch {
      // There is no space for a piece of this size, so continue with smaller ones.
    }
  }
}

/** Stores mails one by one on a failing disk; each is kept or refused. */
async function fail(): Promise<unknown> {
  const { spool } = await openSpool({ url });
  const outcomes: [string, string][] = [];
  for (let n = 0; n < 60; n += 1) {
    const task = newTask({ id: `mail-${n}`, queue: 'incoming', raw });
    outcomes.push([task.id, await outcome(spool.put([task]))]);
  }
  return outcomes;
}

console.log(JSON.stringify(await (what === 'fill' ? fill() : fail())));
process.exit(0);
