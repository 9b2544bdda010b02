// Answers to distinct events: how many become visible in the calendar per second, compared in the same run with the
// calendar server's own rate of GET and PUT. Cold: the ledger has no href of the events; warm: it has all. `npx tsx
// test/bench/apply.ts [events] [embedded|radicale] [node arguments]`
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Partstat } from '../../src/core/ical/types.ts';
import { answerMail } from '../harness/answers.ts';
import { meeting } from '../harness/calendar-server.ts';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import {
  type BackEnd,
  type CalendarClient,
  calendarClient,
  measureGetPut,
  organizer,
  startEmbedded,
  startRadicaleBackEnd,
} from './back-end.ts';
import { type Bench, cpuOf, inParallel, memoryOf, OWN_DOMAIN, provenFrom, quantile, startBench } from './bench-kit.ts';
import { deliver, type MailToSend } from './deliver.ts';

export interface ApplyFigures {
  readonly backEnd: string;
  readonly events: number;
  /** Events per second: the back end alone, then answers through the gateway. */
  readonly getPut: number;
  readonly cold: number;
  readonly warm: number;
  /** Seconds from 250 until 95 % of the answers are visible, at half of that rate. */
  readonly visible: number;
  /** The gateway's processor time per answer, of all threads, ms. */
  readonly cpu: number;
  readonly memory: number;
}

/** The first two are invited to every event that is measured here. */
const guests = Array.from({ length: 5 }, (_, at) => `guest${at}@remote.test`);

export function backEndSettings(backEnd: BackEnd): Record<string, string> {
  return {
    ...OWN_DOMAIN,
    CALDAV_URL: backEnd.url,
    CALDAV_AUTH: 'basic',
    CALDAV_USERNAME: backEnd.service.username,
    CALDAV_PASSWORD: backEnd.service.password,
    ...(backEnd.home !== null && { CALDAV_HOME: backEnd.home }),
  };
}

export async function measureApply(
  built: BuiltGateway,
  start: () => Promise<BackEnd>,
  count: number,
  nodeArgs: readonly string[] = [],
): Promise<ApplyFigures> {
  const backEnd = await start();
  const bench = await startBench(built, backEndSettings(backEnd), nodeArgs);
  const client = calendarClient(backEnd, 8);
  try {
    const uids = Array.from({ length: count }, (_, at) => `event-${at}@example.com`);
    const attendees = guests.map((email) => ({ email }));
    await inParallel(uids, 8, (uid) => client.put(uid, meeting({ uid, organizer, attendees }), null));
    await measureGetPut(backEnd, uids.slice(0, 100), 8);
    const before = await measureGetPut(backEnd, uids, 8);
    await inParallel(uids, 8, (uid) => client.put(uid, meeting({ uid, organizer, attendees }), null));
    const cpu = await cpuOf(bench.gateway.pid);
    const cold = await answerAll(bench, client, uids, 'ACCEPTED');
    const warm = await answerAll(bench, client, uids, 'DECLINED');
    const spent = (await cpuOf(bench.gateway.pid)) - cpu;
    const delays = await answerEvenly(bench, client, uids.slice(0, 300), 'TENTATIVE', warm / 2);
    const after = await measureGetPut(backEnd, uids, 8);
    const memory = await memoryOf(bench.gateway.pid);
    return {
      backEnd: backEnd.name,
      events: count,
      getPut: Math.max(before, after),
      cold,
      warm,
      visible: quantile(delays, 0.95) / 1_000,
      cpu: spent / (2 * count),
      memory,
    };
  } finally {
    await client.close();
    await bench.stop();
    await backEnd.stop();
  }
}

/** Returns the answers per second, from the first DATA until the last one is visible. */
export async function answerAll(
  bench: Bench,
  client: CalendarClient,
  uids: readonly string[],
  partstat: Partstat,
): Promise<number> {
  const mails = uids.map((uid, at) => mailFrom(guests[at % 2] ?? '', uid, partstat));
  const begun = performance.now();
  await deliver(bench.gateway.smtpPort, mails, 8);
  await showing(client, uids, partstat);
  return (uids.length * 1_000) / (performance.now() - begun);
}

function mailFrom(attendee: string, uid: string, partstat: Partstat): MailToSend {
  const raw = answerMail({ attendee, organizer, uid, partstat });
  return { from: attendee, to: organizer, raw: provenFrom(attendee, raw) };
}

/** Sends the mails in sequence at that rate per second; returns the ms from each 250 until the answer is visible. */
async function answerEvenly(
  bench: Bench,
  client: CalendarClient,
  uids: readonly string[],
  partstat: Partstat,
  perSecond: number,
): Promise<number[]> {
  const each = async (uid: string, at: number): Promise<number> => {
    await wait((at * 1_000) / perSecond);
    const [acknowledged] = await deliver(bench.gateway.smtpPort, [mailFrom(guests[0] ?? '', uid, partstat)], 1);
    while (!(await client.get(uid)).text.includes(`PARTSTAT=${partstat}`)) await wait(100);
    return performance.now() - (acknowledged?.at ?? Number.NaN);
  };
  return Promise.all(uids.map(each));
}

/** Polls slowly, from the last event backwards, because fast polling would load the server. */
async function showing(client: CalendarClient, uids: readonly string[], partstat: Partstat): Promise<void> {
  for (const uid of uids.toReversed()) {
    await waitFor(
      `the answer in ${uid}`,
      async () => (await client.get(uid)).text.includes(`PARTSTAT=${partstat}`),
      120_000,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  const start = process.argv[3] === 'radicale' ? startRadicaleBackEnd : startEmbedded;
  console.log(await measureApply(built, start, Number(process.argv[2] ?? 500), process.argv.slice(4)));
  built.remove();
}
