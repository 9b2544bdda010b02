// The gateway's clock is set forward and back by two days while answers and callbacks arrive. Each time the CalDAV server
// and the relay are unavailable, so that many tasks are waiting for a retry. libfaketime sets the clock of this one
// process.
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

  it('applies and mails everything once, within seconds after CalDAV server and relay return', {
    timeout: 240_000,
  }, async () => {
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
      // Each guest answers again.
      await sleep(5_000);
    });
    // If a guest answers before and after the clock is set back, the first answer may be retried after the second and
    // replace it until the next one: their times no longer give the order. Only the final state is checked here.
    expect(findFaults(seen).filter((fault) => !fault.includes(', and was '))).toEqual([]);
    expect(took.filter((ms) => ms > 30_000)).toEqual([]);
    // No mail is sent twice, because no process was killed.
    expect(new Set(seen.mails.map(({ messageId }) => messageId)).size).toBe(seen.mails.length);
    const retriedAt = seen.entries.filter(({ verdict }) => verdict === 'retried').map(({ at }) => at - Date.now());
    expect(retriedAt.some((at) => at > 40 * HOUR)).toBe(true);
    expect(seen.answers.length).toBeGreaterThan(96);
  });

  function setClock(hours: number): void {
    writeFileSync(join(folder, 'next'), `${hours < 0 ? '' : '+'}${hours}h\n`);
    renameSync(join(folder, 'next'), join(folder, 'clock'));
  }

  /** Resolves when the gateway reports the new time. */
  async function jump({ gateways }: World, hours: number): Promise<void> {
    setClock(hours);
    await waitFor('the jump', async () => {
      const { headers, body } = await request(`${gateways[0]?.httpUrl}/healthz`);
      await body.dump();
      return Math.abs(Date.parse(String(headers['date'])) - Date.now() - hours * HOUR) < HOUR;
    });
  }
});

/** Returns how many ms after the return of the CalDAV server and the relay all tasks accepted before it are done. */
async function whileAway(world: World, setClock: () => Promise<void>): Promise<number> {
  world.gate.shut();
  world.relayAway = true;
  await sleep(2_000);
  const answers = world.answers.flatMap(({ messageId }) => messageId ?? []);
  const changes = [...world.changes];
  world.relayAway = false;
  world.gate.open();
  // Only when both are back: a task tried earlier would rightly wait for its next retry.
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
