// The effect on others of a back end that accepts connections and never responds, or whose SYNs are lost: answers per
// second of one organizer while a hundred answers, and more, wait for another organizer's server of that kind, compared
// with the same without it. `npx tsx test/bench/black-hole.ts [swallows|drops]`.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Partstat } from '../../src/core/ical/types.ts';
import { answerMail } from '../harness/answers.ts';
import { meeting } from '../harness/calendar-server.ts';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { answerAll } from './apply.ts';
import { calendarClient, organizer, startEmbedded } from './back-end.ts';
import { type Bench, inParallel, OWN_DOMAIN, provenFrom, startBench } from './bench-kit.ts';
import { deliver, type MailToSend } from './deliver.ts';

/** `swallows`: accepts, reads and never responds. `drops`: connections are neither accepted nor refused. */
export type HoleKind = 'swallows' | 'drops';

export interface BlackHoleFigures {
  /** Visible answers per second, of several runs each. */
  readonly alone: number;
  readonly beside: number;
  /** In the first seconds after the back end stops responding. */
  readonly atFirst: number;
}

interface Hole {
  readonly url: string;
  /** Throws if the back end got no connection, or if it responded. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const self = fileURLToPath(import.meta.url);
const bob = 'bob@example.com';
const ROUNDS = 4;
const EVENTS = 450;
const LOST = 100;
/** By then the breaker is open, and the tasks for that back end have reached longer delays. */
const FOUND_OUT_MS = 30_000;
/** At a rate so low that accepting them has no effect of its own. */
const MORE_EVERY_MS = 500;

/** Alternates a gateway with the dead back end and one without, so that other load on the machine affects both. */
export async function measureBlackHole(built: BuiltGateway, kind: HoleKind): Promise<BlackHoleFigures> {
  const [backEnd, hole, folder] = await Promise.all([
    startEmbedded(),
    kind === 'swallows' ? startSwallowing() : startDropping(),
    mkdtemp(join(tmpdir(), 'black-hole-')),
  ]);
  const file = join(folder, 'accounts.json');
  const accounts = { [organizer]: backEnd.service, [bob]: { url: hole.url, username: 'bob', password: 'x' } };
  await writeFile(file, JSON.stringify(accounts));
  const settings = {
    ...OWN_DOMAIN,
    CALDAV_URL: backEnd.url,
    CALDAV_AUTH: `accounts:${file}`,
    CALDAV_HOME: '/calendars/{email}/',
  };
  const [good, holed] = [await startBench(built, settings), await startBench(built, settings)];
  const client = calendarClient(backEnd, 8);
  const uidsOf = (bench: Bench): string[] =>
    Array.from({ length: EVENTS }, (_, at) => `${bench === good ? 'good' : 'holed'}-${at}@example.com`);
  /** In seconds. */
  const run = async (bench: Bench, partstat: Partstat): Promise<number> =>
    EVENTS / (await answerAll(bench, client, uidsOf(bench), partstat));
  try {
    const attendees = ['guest0@remote.test', 'guest1@remote.test'].map((email) => ({ email }));
    const uids = [...uidsOf(good), ...uidsOf(holed)];
    await inParallel(uids, 8, (uid) => client.put(uid, meeting({ uid, organizer, attendees }), null));
    for (const bench of [good, holed]) await run(bench, 'TENTATIVE');
    let [alone, beside] = [await run(good, 'ACCEPTED'), 0];
    const losing = await keepLosing(holed.gateway.smtpPort);
    const atFirst = EVENTS / (await run(holed, 'ACCEPTED'));
    await sleep(FOUND_OUT_MS);
    for (let round = 0; round < ROUNDS; round += 1) {
      const partstat = round % 2 === 0 ? 'DECLINED' : 'ACCEPTED';
      beside += await run(holed, partstat);
      if (round < ROUNDS - 1) alone += await run(good, partstat);
    }
    await losing.stop();
    await hole.check();
    return { atFirst, alone: (ROUNDS * EVENTS) / alone, beside: (ROUNDS * EVENTS) / beside };
  } finally {
    await client.close();
    for (const bench of [good, holed]) {
      await bench.gateway.kill();
      await bench.stop();
    }
    await Promise.all([backEnd.stop(), hole.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when the first hundred are accepted. */
async function keepLosing(port: number): Promise<{ stop(): Promise<void> }> {
  let over = false;
  await deliver(
    port,
    Array.from({ length: LOST }, (_, at) => lostAnswer(at)),
    8,
  );
  const losing = (async () => {
    for (let at = LOST; !over; at += 1) {
      await sleep(MORE_EVERY_MS);
      await deliver(port, [lostAnswer(at)], 1);
    }
  })();
  return {
    async stop() {
      over = true;
      await losing;
    },
  };
}

function lostAnswer(at: number): MailToSend {
  const attendee = 'guest0@remote.test';
  const raw = answerMail({ attendee, organizer: bob, uid: `lost-${at}@example.com`, partstat: 'ACCEPTED' });
  return { from: attendee, to: bob, raw: provenFrom(attendee, raw) };
}

export async function startSwallowing(): Promise<Hole & { bytes(): number }> {
  const sockets = new Set<Socket>();
  let bytes = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (bytes += chunk.length));
  });
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
  return {
    url: `http://127.0.0.1:${port}/`,
    bytes: () => bytes,
    async check() {
      if (bytes === 0) throw new Error('the black hole was never asked');
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A listener in a stopped process: when its short backlog is full, the kernel drops further SYNs. */
async function startDropping(): Promise<Hole> {
  const child: ChildProcess = fork(self, ['listen'], { execArgv: ['--import', 'tsx'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', () => reject(new Error('the listener did not start')));
  });
  child.kill('SIGSTOP');
  const filling = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await sleep(500);
  const check = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await sleep(500);
    const { connecting } = socket;
    socket.destroy();
    if (!connecting) throw new Error('the listener took, or refused, a connection');
  };
  await check();
  return {
    url: `http://127.0.0.1:${port}/`,
    check,
    async close() {
      for (const socket of filling) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : Number.NaN;
}

if (process.argv[1] === self && process.argv[2] === 'listen') {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
    process.send?.(portOf(server)),
  );
  process.once('disconnect', () => process.exit());
} else if (process.argv[1] === self) {
  const built = buildGateway();
  const kinds: readonly HoleKind[] =
    process.argv[2] === undefined ? ['swallows', 'drops'] : [process.argv[2] as HoleKind];
  for (const kind of kinds) console.log(kind, await measureBlackHole(built, kind));
  built.remove();
}
