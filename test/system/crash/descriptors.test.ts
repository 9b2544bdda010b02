// Idle SMTP sessions use up the gateway's file descriptors while answers arrive, so that it can neither accept nor open a
// connection. It must not exit or lose what it acknowledged, and must continue when descriptors are free again.
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

/** Needed at start, to read the modules; later about forty are in use. */
const DESCRIPTORS = 300;

describe.skipIf(lacks('prlimit'))('a gateway without descriptors', () => {
  let built: BuiltGateway;
  beforeAll(() => {
    built = buildGateway();
  });
  afterAll(() => built?.remove());

  it('loses nothing, does not exit, reports that it is not ready, and recovers', { timeout: 240_000 }, async () => {
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

/** Uses up the descriptors. Call the returned function to free them. */
type Take = (gateway: GatewayProcess) => Promise<() => void>;

async function without(world: World, gateway: GatewayProcess, take: Take): Promise<void> {
  const operator = new Client(gateway.httpUrl);
  expect(await isReady(operator)).toBe(true);
  const giveBack = await take(gateway);
  const looks: boolean[] = [];
  for (let look = 0; look < 4; look += 1) {
    await sleep(700);
    looks.push(await isReady(operator));
    // A new connection, so that it has to be accepted.
    await request(`${gateway.httpUrl}/healthz`, { dispatcher: new Agent({ headersTimeout: 500 }) }).catch(
      () => undefined,
    );
  }
  // With one or two free descriptors, it may be ready for a moment.
  expect(looks).toContain(false);
  expect(gateway.alive()).toBe(true);
  giveBack();
  await operator.destroy();
  const before = world.taken;
  await waitFor('work to go on', async () => world.taken > before + 20);
  await waitFor('readiness', async () => (await fetch(`${gateway.httpUrl}/readyz`)).ok);
}

/** A connection that is closed without a response also counts as not ready. */
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

/**
 * Less than the number of open descriptors: then `accept` fails, because libuv cannot use its spare descriptor to refuse
 * clients.
 */
async function allowFewer({ pid }: GatewayProcess): Promise<() => void> {
  const allow = (count: number): void => {
    expect(spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:${DESCRIPTORS}`]).status).toBe(0);
  };
  allow(10);
  return () => allow(DESCRIPTORS);
}
