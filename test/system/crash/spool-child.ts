// A process for the crash tests to kill: puts tasks from several callers, completes some of them, and prints each id when it
// is acknowledged (`put ID`, `done ID`). Arguments: the database URL and a prefix for its ids.
import { writeSync } from 'node:fs';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { newTask } from '../../adapters/spool/records.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
const { spool } = await openSpool({ url });
const report = (word: string, id: string) => writeSync(1, `${word} ${id}\n`);
const options = { lanes: 3, perLane: 5, leaseMs: 60_000, longestWaitMs: 3_600_000, now: 1 };

async function putForever(caller: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const id = `${prefix}-${caller}-${n}`;
    await spool.put([newTask({ id, lane: `lane-${n % 7}`, raw: Buffer.from(`mail ${id}`.repeat(n % 400)) })]);
    report('put', id);
  }
}

async function workForever(): Promise<never> {
  for (;;) {
    for (const { lease, tasks } of await spool.claim('event', options)) {
      const done = tasks.map(({ id }) => id);
      const add = done.map((id) => newTask({ id: `out-${id}`, queue: 'outgoing' }));
      if (await spool.commit(lease, { done, add, ledger: done.map((mark) => ({ kind: 'mark', mark, at: 1 })) })) {
        for (const id of done) report('done', id);
      }
    }
  }
}

// The process exits when the database becomes unavailable.
const work = Promise.all([...Array.from({ length: 6 }, (_, caller) => putForever(caller)), workForever()]);
await work.catch(() => process.exit(1));
