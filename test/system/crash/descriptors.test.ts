// The gateway has few descriptors, and idle SMTP sessions take them all while answers come in: it can accept nothing, connect
// to nothing and ask no DNS. What it acknowledged is kept, it lives, and goes on by itself once some are free.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Client, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltGateway, buildGateway, type GatewayProcess } from '../../harness/gateway-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { lacks } from '../requirements.ts';
import { runThrough, type World } from './crash-run.ts';
import { findFaults } from './model.ts';

/** It needs that many to read its modules; later some forty. */
const DESCRIPTORS = 300;

describe.skipIf(lacks('prlimit'))('a gateway without descriptors', () => {
  let built: BuiltGateway;
  beforeAll(() => {
    built = buildGateway();
  });
  afterAll(() => built?.remove());

  it('loses nothing, lives, says that it is not ready, and goes on by itself', { timeout: 240_000 }, async () => {
    const startedBy = ['prlimit', `--nofile=${DESCRIPTORS}`];
    const seen = await runThrough({ built, postgres: null, slower: 3, startedBy }, async (world) => {
      const [gateway] = world.gateways;
      if (gateway == null) throw new Error('no gateway');
      await sleep(500);
      await without(world, gateway, fillWithIdleSessions);
      await without(world, gateway, allowFewer);
    });
    expect(findFaults(seen)).toEqual([]);
    expect(seen.answers.length).toBeGreaterThan(50);
  });
});

/** Takes the descriptors for a while; gives them back by what it returns. */
type Take = (gateway: GatewayProcess) => Promise<() => void>;

async function without(world: World, gateway: GatewayProcess, take: Take): Promise<void> {
  const operator = new Client(gateway.httpUrl);
  expect(await isReady(operator)).toBe(true);
  const giveBack = await take(gateway);
  const looks: boolean[] = [];
  for (let look = 0; look < 4; look += 1) {
    await sleep(700);
    looks.push(await isReady(operator));
    // A connection of its own, to be accepted.
    await request(`${gateway.httpUrl}/healthz`, { dispatcher: new Agent({ headersTimeout: 500 }) }).catch(
      () => undefined,
    );
  }
  // With one or two to spare it may be ready for a moment.
  expect(looks).toContain(false);
  expect(gateway.alive()).toBe(true);
  giveBack();
  await operator.destroy();
  const before = world.taken;
  await waitFor('work to go on', async () => world.taken > before + 20);
  await waitFor('readiness', async () => (await fetch(`${gateway.httpUrl}/readyz`)).ok);
}

/** A connection that is closed unanswered says no, too. */
async function isReady(operator: Client): Promise<boolean> {
  try {
    const { statusCode, body } = await operator.request({ path: '/readyz', method: 'GET' });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function fillWithIdleSessions({ pid, smtpPort }: GatewayProcess): Promise<() => void> {
  const idle: Socket[] = [];
  for (let count = 0; count < 2 * DESCRIPTORS; count += 1) {
    idle.push(connect(smtpPort, '127.0.0.1').on('error', () => undefined));
  }
  await waitFor('the last descriptor', async () => readdirSync(`/proc/${pid}/fd`).length >= DESCRIPTORS - 1);
  return () => {
    for (const socket of idle) socket.destroy();
  };
}

/** Below what is open: the one that libuv keeps to turn clients away with is of no use then, and `accept` itself fails. */
async function allowFewer({ pid }: GatewayProcess): Promise<() => void> {
  const allow = (count: number): void => {
    expect(spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:${DESCRIPTORS}`]).status).toBe(0);
  };
  allow(10);
  return () => allow(DESCRIPTORS);
}
