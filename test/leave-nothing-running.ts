// Set-up of every unit-test file: fails a file that leaves a timer, socket, server or process running. The files of a worker
// run one after the other in one process (`isolate: false`), so what one leaves would act, or throw, during another.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';

/** Threads are excluded, because the files share them (flow/shared-spool.ts), as are requests that end by themselves. */
const EXCLUDED = /^(?:Worker|MessagePort|Immediate|FSReq)/;
/** Sockets and processes take a moment to end, and longer on a busy machine. */
const PATIENCE = { attempts: 100, everyMs: 50 };

function running(): string[] {
  return process.getActiveResourcesInfo().filter((type) => !EXCLUDED.test(type));
}

/** Returns what `now` has and `before` has not, by type. */
function beyond(now: readonly string[], before: readonly string[]): string[] {
  const left = [...before];
  return now.filter((type) => {
    const at = left.indexOf(type);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** This file is evaluated for each test file, so what its worker runs besides them is kept outside of it. */
const kept: { besides?: readonly string[] } = ((globalThis as Record<string, unknown>)['running'] ??= {});

beforeAll(async () => {
  if (kept.besides !== undefined) return;
  // vitest has further timers while it starts.
  await wait(300);
  kept.besides = running();
});

afterAll(async () => {
  let left: string[] = [];
  for (let attempt = 0; attempt < PATIENCE.attempts; attempt += 1) {
    left = beyond(running(), kept.besides ?? []);
    if (left.length === 0) return;
    await wait(PATIENCE.everyMs);
  }
  // The next file is not to blame.
  kept.besides = running();
  throw new Error(`this test file leaves running: ${left.join(', ')}`);
});
