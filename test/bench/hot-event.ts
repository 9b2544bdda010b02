// One event whose attendees all answer within ten seconds: the number of PUTs, and the time from the 250 of each answer
// until it is visible in the calendar. `npx tsx test/bench/hot-event.ts [attendees] [node arguments]`.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedCaldav } from '../../src/playground/embedded-caldav.ts';
import { answerMail } from '../harness/answers.ts';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { organizer } from './back-end.ts';
import { cpuOf, memoryOf, OWN_DOMAIN, provenFrom, quantile, startBench } from './bench-kit.ts';
import { largeEvent } from './callbacks.ts';
import { type MailSession, openSession } from './deliver.ts';

export interface HotFigures {
  readonly attendees: number;
  /** The duration of the sending in seconds: ten if the machine is fast enough. */
  readonly sent: number;
  readonly puts: number;
  /** Seconds from the 250 of an answer until it was visible. */
  readonly p50: number;
  readonly worst: number;
  /** The gateway's processor time per answer, ms. */
  readonly cpu: number;
  readonly memory: number;
}

const SECONDS = 10;
const uid = 'hot@example.com';

export async function measureHotEvent(
  built: BuiltGateway,
  attendees: number,
  nodeArgs: readonly string[] = [],
): Promise<HotFigures> {
  const caldav = await startEmbeddedCaldav();
  caldav.addUser(organizer);
  const settings = { ...OWN_DOMAIN, CALDAV_URL: caldav.url, CALDAV_OUTBOUND_API_KEY: caldav.apiKey };
  const bench = await startBench(built, settings, nodeArgs);
  try {
    const { calendar, emails } = largeEvent(uid, attendees);
    caldav.putEvent(organizer, uid, calendar);
    const changes: { at: number; text: string }[] = [];
    caldav.onChange(({ text }) => changes.push({ at: performance.now(), text: text ?? '' }));
    const cpu = await cpuOf(bench.gateway.pid);
    const begun = performance.now();
    const acknowledged = await answerEvenly(bench.gateway.smtpPort, emails);
    const sent = (performance.now() - begun) / 1000;
    await waitFor('all answers', async () => !changes.at(-1)?.text.includes('NEEDS-ACTION'), 300_000);
    const shown = firstShown(changes);
    const waits = emails.map((email) => ((shown.get(email) ?? Infinity) - (acknowledged.get(email) ?? 0)) / 1000);
    // Repeated or unnecessary writes would also count as PUTs.
    await sleep(2_500);
    return {
      attendees,
      sent,
      puts: changes.length,
      p50: quantile(waits, 0.5),
      worst: Math.max(...waits),
      cpu: ((await cpuOf(bench.gateway.pid)) - cpu) / attendees,
      memory: await memoryOf(bench.gateway.pid),
    };
  } finally {
    await bench.stop();
    await caldav.close();
  }
}

/** Sends each answer at its time over a few sessions; returns when each was acknowledged. */
async function answerEvenly(port: number, emails: readonly string[]): Promise<Map<string, number>> {
  const acknowledged = new Map<string, number>();
  const idle: MailSession[] = [];
  const begun = performance.now();
  await Promise.all(
    emails.map(async (attendee, at) => {
      await sleep((at * SECONDS * 1000) / emails.length - (performance.now() - begun));
      const session = idle.pop() ?? openSession(port);
      const raw = provenFrom(attendee, answerMail({ attendee, organizer, uid, partstat: 'ACCEPTED' }));
      await session.send({ from: attendee, to: organizer, raw });
      acknowledged.set(attendee, performance.now());
      idle.push(session);
    }),
  );
  for (const session of idle) session.end();
  return acknowledged;
}

function firstShown(changes: readonly { at: number; text: string }[]): Map<string, number> {
  const shown = new Map<string, number>();
  for (const { at, text } of changes) {
    for (const line of text.replace(/\r\n /g, '').split('\r\n')) {
      const email = /^ATTENDEE.*PARTSTAT=ACCEPTED.*:mailto:(.*)$/.exec(line)?.[1];
      if (email !== undefined && !shown.has(email)) shown.set(email, at);
    }
  }
  return shown;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  console.log(await measureHotEvent(built, Number(process.argv[2] ?? 2_000), process.argv.slice(3)));
  built.remove();
}
