// What a back end that takes connections and says nothing costs the others: answers per second of one organizer, while a
// hundred answers wait for another whose server is a black hole, beside the same without. `npx tsx test/bench/black-hole.ts`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerMail } from '../system/answers.ts';
import { meeting } from '../system/calendar-server.ts';
import { buildGateway, type BuiltGateway } from '../system/gateway-process.ts';
import { answerAll } from './apply.ts';
import { calendarClient, organizer, startEmbedded } from './back-end.ts';
import { inParallel, OWN_DOMAIN, provenFrom, startBench } from './bench-kit.ts';
import { deliver } from './deliver.ts';

export interface BlackHoleFigures {
  /** Answers per second that become visible, the better of two runs each. */
  readonly alone: number;
  readonly beside: number;
}

const LOST = 100;
const EVENTS = 200;

export async function measureBlackHole(built: BuiltGateway): Promise<BlackHoleFigures> {
  const [backEnd, hole, folder] = await Promise.all([
    startEmbedded(),
    startBlackHole(),
    mkdtemp(join(tmpdir(), 'black-hole-')),
  ]);
  const file = join(folder, 'accounts.json');
  const accounts = {
    [organizer]: backEnd.service,
    'bob@example.com': { url: hole.url, username: 'bob', password: 'x' },
  };
  await writeFile(file, JSON.stringify(accounts));
  const bench = await startBench(built, {
    ...OWN_DOMAIN,
    CALDAV_URL: backEnd.url,
    CALDAV_AUTH: `accounts:${file}`,
    CALDAV_HOME: '/calendars/{email}/',
  });
  const client = calendarClient(backEnd, 8);
  try {
    const uids = Array.from({ length: EVENTS }, (_, at) => `event-${at}@example.com`);
    const attendees = ['guest0@remote.test', 'guest1@remote.test'].map((email) => ({ email }));
    await inParallel(uids, 8, (uid) => client.put(uid, meeting({ uid, organizer, attendees }), null));
    await answerAll(bench, client, uids, 'TENTATIVE');
    const alone = [await answerAll(bench, client, uids, 'ACCEPTED'), await answerAll(bench, client, uids, 'DECLINED')];
    await deliver(bench.gateway.smtpPort, lostAnswers(), 8);
    const beside = [await answerAll(bench, client, uids, 'ACCEPTED'), await answerAll(bench, client, uids, 'DECLINED')];
    if (hole.connections() === 0) throw new Error('the black hole was never asked');
    return { alone: Math.max(...alone), beside: Math.max(...beside) };
  } finally {
    await client.close();
    await bench.gateway.kill();
    await bench.stop();
    await Promise.all([backEnd.stop(), hole.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function lostAnswers() {
  return Array.from({ length: LOST }, (_, at) => {
    const [attendee, to] = ['guest0@remote.test', 'bob@example.com'];
    const raw = answerMail({ attendee, organizer: to, uid: `lost-${at}@example.com`, partstat: 'ACCEPTED' });
    return { from: attendee, to, raw: provenFrom(attendee, raw) };
  });
}

async function startBlackHole(): Promise<{ url: string; connections(): number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  console.log(await measureBlackHole(built));
  built.remove();
}
