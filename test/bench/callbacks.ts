// The callbacks of one large event: a CalDAV server posts the whole calendar once for every attendee, in sequence.
// `npx tsx test/bench/callbacks.ts [attendees] [node arguments]` prints the time of each callback and of the mails.
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { meeting } from '../harness/calendar-server.ts';
import { buildGateway, type BuiltGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { asRequest, cpuOf, memoryOf, postCallback, quantile, startBench } from './bench-kit.ts';

export interface CallbackFigures {
  readonly attendees: number;
  readonly bytes: number;
  /** The time of one callback, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Seconds until the last 200, and until the relay accepted the last mail. */
  readonly posted: number;
  readonly mailed: number;
  /** The gateway's processor time per callback with its mail, ms. */
  readonly cpu: number;
  readonly databaseBytes: number;
  readonly memory: number;
}

const organizer = 'alice@example.com';

export function largeEvent(uid: string, attendees: number): { calendar: string; emails: string[] } {
  const emails = Array.from({ length: attendees }, (_, at) => `guest.number.${at}@remote.test`);
  const invited = emails.map((email, at) => ({ email, params: `;CN=Guest ${at};ROLE=REQ-PARTICIPANT` }));
  return { calendar: meeting({ uid, organizer, attendees: invited }), emails };
}

export async function measureCallbacks(
  built: BuiltGateway,
  attendees: number,
  nodeArgs: readonly string[] = [],
): Promise<CallbackFigures> {
  const bench = await startBench(built, {}, nodeArgs);
  const client = new Pool(bench.gateway.httpUrl, { connections: 1 });
  try {
    const warmUp = largeEvent('warm-up@example.com', 30);
    await post(bench.gateway, client, warmUp);
    await waitFor('the first mails', async () => bench.relay.mails().length === 30);
    const { calendar, emails } = largeEvent('large@example.com', attendees);
    const cpu = await cpuOf(bench.gateway.pid);
    const begun = performance.now();
    const times = await post(bench.gateway, client, { calendar, emails });
    const posted = performance.now() - begun;
    await waitFor('all mails', async () => bench.relay.mails().length === 30 + attendees, 300_000);
    const mailed = performance.now() - begun;
    return {
      attendees,
      bytes: calendar.length,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      posted: posted / 1000,
      mailed: mailed / 1000,
      cpu: ((await cpuOf(bench.gateway.pid)) - cpu) / attendees,
      databaseBytes: await bench.databaseBytes(),
      memory: await memoryOf(bench.gateway.pid),
    };
  } finally {
    await client.close();
    await bench.stop();
  }
}

async function post(
  gateway: GatewayProcess,
  client: Pool,
  { calendar, emails }: { readonly calendar: string; readonly emails: readonly string[] },
): Promise<number[]> {
  const body = Buffer.from(asRequest(calendar));
  const times: number[] = [];
  for (const recipient of emails) {
    const begun = performance.now();
    await postCallback(gateway, { organizer, recipient, calendar: body }, client);
    times.push(performance.now() - begun);
  }
  return times;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  console.log(await measureCallbacks(built, Number(process.argv[2] ?? 2_000), process.argv.slice(3)));
  built.remove();
}
