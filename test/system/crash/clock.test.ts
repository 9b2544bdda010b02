// The gateway's clock is set by two days, more than once, while answers and callbacks stream in; each time the CalDAV server
// and the relay are away, so that much waits for its next try just then. libfaketime sets it, for this one process.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForOperator } from '../../../src/adapters/spool/open-spool.ts';
import { type BuiltGateway, buildGateway } from '../../harness/gateway-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { faketimeLibrary, lacks } from '../requirements.ts';
import { runThrough, type World } from './crash-run.ts';
import { findFaults, subjectOf } from './model.ts';

const HOUR = 3_600_000;
const faketime = faketimeLibrary();

describe.skipIf(lacks('faketime'))('a gateway whose clock is set', () => {
  let built: BuiltGateway;
  let folder: string;
  beforeAll(() => {
    built = buildGateway();
    folder = mkdtempSync(join(tmpdir(), 'clock-'));
    setClock(0);
  });
  afterAll(() => {
    built?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('applies and mails everything once, seconds after the others are back', { timeout: 240_000 }, async () => {
    const took: number[] = [];
    const settings = {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
    const seen = await runThrough({ built, postgres: null, settings, slower: 8 }, async (world) => {
      await sleep(1_000);
      took.push(await whileAway(world, () => jump(world, 48)));
      took.push(
        await whileAway(world, async () => {
          const [gateway] = world.gateways.splice(0, 1, null);
          await gateway?.stop();
          setClock(0);
          await world.start(0);
          await jump(world, 0);
        }),
      );
      for (const hours of [48, 0]) took.push(await whileAway(world, () => jump(world, hours)));
      // Everybody answers once more.
      await sleep(5_000);
    });
    // Of two answers by one person, one on each side of a clock that is set back, the first may be tried again after the
    // second and stand until the next: their times say no more. What stands in the end is judged here.
    expect(findFaults(seen).filter((fault) => !fault.includes(', and was '))).toEqual([]);
    expect(took.filter((ms) => ms > 30_000)).toEqual([]);
    // No mail came twice, for nothing was killed.
    expect(new Set(seen.mails.map(({ messageId }) => messageId)).size).toBe(seen.mails.length);
    const retriedAt = seen.entries.filter(({ verdict }) => verdict === 'retried').map(({ at }) => at - Date.now());
    expect(retriedAt.some((at) => at > 40 * HOUR)).toBe(true);
    expect(seen.answers.length).toBeGreaterThan(96);
  });

  function setClock(hours: number): void {
    writeFileSync(join(folder, 'next'), `${hours < 0 ? '' : '+'}${hours}h\n`);
    renameSync(join(folder, 'next'), join(folder, 'clock'));
  }

  /** Resolves once the gateway itself shows that time. */
  async function jump({ gateways }: World, hours: number): Promise<void> {
    setClock(hours);
    await waitFor('the jump', async () => {
      const { headers, body } = await request(`${gateways[0]?.httpUrl}/healthz`);
      await body.dump();
      return Math.abs(Date.parse(String(headers['date'])) - Date.now() - hours * HOUR) < HOUR;
    });
  }
});

/** How long after the return of the CalDAV server and the relay everything is worked that had been taken by then, ms. */
async function whileAway(world: World, setClock: () => Promise<void>): Promise<number> {
  world.gate.shut();
  world.relayAway = true;
  await sleep(2_000);
  const answers = world.answers.flatMap(({ messageId }) => messageId ?? []);
  const changes = [...world.changes];
  world.relayAway = false;
  world.gate.open();
  // Not before they are back: what is tried in between would wait for its next try as it should.
  await setClock();
  const begun = performance.now();
  const { spool, ledger } = await openForOperator({ url: world.databaseUrl });
  try {
    await waitFor(
      'the end of what had been taken',
      async () => {
        const ended = (await ledger.recent(1_000_000)).filter(({ verdict }) => /applied|ignored/.test(verdict));
        const known = new Set(ended.map(({ messageId }) => messageId));
        const mails = world.relay.mails().map(({ raw }) => raw.replaceAll('\r\n ', ' '));
        const isMailed = changes.every(({ uid, change }) => mails.some((raw) => raw.includes(subjectOf(uid, change))));
        return answers.every((id) => known.has(id)) && isMailed;
      },
      60_000,
    );
  } finally {
    await spool.close();
  }
  return performance.now() - begun;
}
