// Runs gateways while answers by mail, answers by link and callbacks arrive, and disturbs them: with SIGKILL at random
// moments, or as the test defines. In: the number of gateways and the database; out: what was sent, every version of each
// event, the ledger and the mails. Every client repeats its message until it is acknowledged.
import { randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { startEmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import { startNxdomainResolver } from '../../../src/playground/nxdomain-resolver.ts';
import { parseKeyRing } from '../../../src/core/signing/keys.ts';
import { signRsvpToken } from '../../../src/core/signing/token.ts';
import { openForOperator } from '../../../src/adapters/spool/open-spool.ts';
import { openSession } from '../../bench/deliver.ts';
import { postCallback, replyTo, SECRETS, settingsFor } from '../../bench/bench-kit.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { type Catcher, startCatcher } from '../../harness/catcher.ts';
import { type Gate, startGate } from '../../harness/gate.ts';
import { type BuiltGateway, type GatewayProcess, startGatewayProcess } from '../../harness/gateway-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type PostedChange, type Seen, type SeenMail, type SentAnswer, subjectOf, writesTo } from './model.ts';

export interface TroubleOptions {
  readonly built: BuiltGateway;
  /** null: one gateway on an SQLite file. */
  readonly postgres: { readonly url: string; readonly gateways: number } | null;
  readonly settings?: Readonly<Record<string, string>>;
  /** Multiplies the pause before a guest answers again; 1 keeps a gateway busy. */
  readonly slower?: number;
  /** A command that starts the gateway, such as prlimit. */
  readonly startedBy?: readonly string[];
}

export interface CrashOptions extends TroubleOptions {
  readonly kills: number;
  /** The kills continue until the calendar has been written this many times. */
  readonly leastWrites?: number;
  readonly rhythm: Rhythm;
}

/**
 * `mostTaken`: a gateway is killed after it has acknowledged at most this many messages, and restarted before the next kill, so that
 * a slow machine also makes progress. `everyMs`: one of several gateways is killed, even if the previous one has not restarted.
 */
export type Rhythm = { readonly mostTaken: number } | { readonly everyMs: number };

const organizer = 'alice@example.com';
const guests = Array.from({ length: 8 }, (_, at) => `guest${at}@remote.test`);
/** These guests answer by link, the others by mail. */
const clicking = new Set(guests.slice(6));
const answered = Array.from({ length: 6 }, (_, at) => `answered-${at}@example.com`);
const changed = Array.from({ length: 3 }, (_, at) => `changed-${at}@example.com`);
const partstats: readonly Partstat[] = ['ACCEPTED', 'DECLINED', 'TENTATIVE'];
/** The number of lanes of the queue `outgoing`. */
const IN_FLIGHT = 8;

export function runCrashes(options: CrashOptions): Promise<Seen> {
  const { kills, leastWrites = 0, rhythm } = options;
  const isOver = (world: World): boolean => world.kills >= kills && writesTo(world.histories) >= leastWrites;
  return runThrough(options, (world) =>
    'everyMs' in rhythm ? killEvery(world, isOver, rhythm.everyMs) : killAgainAndAgain(world, isOver, rhythm.mostTaken),
  );
}

/** Messages are sent until `trouble` resolves; then the run waits until all acknowledged work is done. */
export async function runThrough(options: TroubleOptions, trouble: (world: World) => Promise<void>): Promise<Seen> {
  const world = await openWorld(options);
  try {
    await introduce(world);
    const streams = [
      ...answered.flatMap((uid) => guests.map((attendee) => answerOn(world, uid, attendee))),
      ...changed.flatMap((uid) => guests.map((recipient) => changeOn(world, uid, recipient))),
    ];
    const begun = Date.now();
    await trouble(world);
    const killingMs = Date.now() - begun;
    world.over = true;
    await Promise.all(streams);
    await settled(world);
    return { ...(await look(world)), kills: world.kills, killingMs };
  } finally {
    await world.close();
  }
}

export interface World {
  readonly caldav: Awaited<ReturnType<typeof startEmbeddedCaldav>>;
  /** The gate in front of the CalDAV server. */
  readonly gate: Gate;
  readonly relay: Catcher;
  /** Whether the relay refuses all mail at present. */
  relayAway: boolean;
  readonly databaseUrl: string;
  /** The running process of each gateway; null while it starts. */
  readonly gateways: (GatewayProcess | null)[];
  readonly histories: Map<string, string[]>;
  readonly answers: SentAnswer[];
  readonly changes: PostedChange[];
  readonly slower: number;
  /** The number of acknowledged messages. */
  taken: number;
  kills: number;
  over: boolean;
  start(at: number): Promise<void>;
  close(): Promise<void>;
}

async function openWorld({ built, postgres, settings: given, slower = 1, startedBy }: TroubleOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'crash-'));
  const rcpt = (): string | null => (world.relayAway ? '451 4.3.0 later' : null);
  const [caldav, relay, noDns] = await Promise.all([
    startEmbeddedCaldav(),
    startCatcher({ rcpt }),
    startNxdomainResolver(),
  ]);
  const gate = await startGate(Number(new URL(caldav.url).port));
  const databaseUrl = postgres?.url ?? `sqlite:${join(folder, 'gateway.db')}`;
  const settings = {
    ...settingsFor({ databaseUrl, smtpUrl: relay.smtpUrl, dns: noDns.address }),
    CALDAV_URL: `http://localhost:${gate.port}/`,
    CALDAV_OUTBOUND_API_KEY: caldav.apiKey,
    ...given,
  };
  const gateways: (GatewayProcess | null)[] = Array.from({ length: postgres?.gateways ?? 1 }, () => null);
  const world: World = {
    caldav,
    gate,
    relay,
    relayAway: false,
    databaseUrl,
    gateways,
    histories: new Map(),
    answers: [],
    changes: [],
    slower,
    taken: 0,
    kills: 0,
    over: false,
    async start(at) {
      gateways[at] = await startGatewayProcess(built, settings, [], startedBy);
    },
    async close() {
      world.over = true;
      await Promise.all(gateways.map((gateway) => gateway?.kill()));
      await Promise.all([gate.close(), caldav.close(), relay.stop(), noDns.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  caldav.addUser(organizer);
  caldav.onChange(({ href, text }) => {
    const uid = decodeURIComponent(href.split('/').at(-1) ?? '').replace(/\.ics$/, '');
    world.histories.set(uid, [...(world.histories.get(uid) ?? []), text ?? '']);
  });
  const attendees = guests.map((email) => ({ email }));
  for (const uid of answered) caldav.putEvent(organizer, uid, meeting({ uid, organizer, attendees }));
  await Promise.all(gateways.map((_, at) => world.start(at)));
  return world;
}

/** Invites every guest, to learn the reply address for their answers. */
async function introduce(world: World): Promise<void> {
  const attendees = guests.map((email) => ({ email }));
  const calendar = meeting({ uid: 'introduction@example.com', organizer, attendees });
  for (const recipient of guests) {
    await untilTaken(world, (gateway) => postCallback(gateway, { organizer, recipient, calendar }));
  }
  await waitFor('the invitations', async () => world.relay.mails().length >= guests.length, 60_000);
}

/** Does not wait until the last one has restarted, as long as another one runs: at times most of them are down. */
async function killEvery(world: World, isOver: (world: World) => boolean, everyMs: number): Promise<void> {
  const starts: Promise<void>[] = [];
  for (; !isOver(world); world.kills += 1) {
    const next = Date.now() + everyMs;
    const running = (): number[] => world.gateways.flatMap((gateway, at) => (gateway === null ? [] : at));
    await waitFor('two gateways that run', async () => running().length > 1, 120_000);
    const at = running()[randomInt(running().length)] ?? 0;
    const victim = world.gateways[at];
    world.gateways[at] = null;
    await victim?.kill();
    starts.push(world.start(at));
    await sleep(Math.max(0, next - Date.now()));
  }
  await Promise.all(starts);
}

async function killAgainAndAgain(world: World, isOver: (world: World) => boolean, mostTaken: number): Promise<void> {
  for (; !isOver(world); world.kills += 1) {
    // Often soon after the start, so that a gateway is also killed while it takes over the work of the previous one.
    const goal = world.taken + Math.floor(mostTaken * Math.random() ** 2);
    const latest = Date.now() + 15_000;
    while (world.taken < goal && Date.now() < latest) await sleep(5);
    await sleep(randomInt(50));
    const at = randomInt(world.gateways.length);
    const victim = world.gateways[at];
    world.gateways[at] = null;
    await victim?.kill();
    await world.start(at);
  }
}

/** Tries the gateways in turn until one accepts. */
async function untilTaken<T>(world: World, tell: (gateway: GatewayProcess) => Promise<T>): Promise<T> {
  const end = Date.now() + 600_000;
  for (;;) {
    const running = world.gateways.filter((gateway) => gateway !== null);
    const gateway = running[running.length > 1 ? randomInt(running.length) : 0];
    try {
      if (gateway !== undefined) {
        const told = await tell(gateway);
        world.taken += 1;
        return told;
      }
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(20);
  }
}

async function answerOn(world: World, uid: string, attendee: string): Promise<void> {
  // The Date of a mail is in whole seconds, and a time in the future would count as now.
  const date = Date.now() - 86_400_000;
  for (let count = 0; !world.over || count === 0; count += 1) {
    const partstat = partstats[randomInt(partstats.length)] ?? 'ACCEPTED';
    const messageId = clicking.has(attendee) ? null : `<${randomUUID()}@remote.test>`;
    if (messageId === null) await click(world, uid, attendee, partstat);
    else {
      const to = replyTo(organizer, attendee);
      const raw = answerMail({ attendee, organizer: to, uid, partstat, date: date + count * 1_000, messageId });
      await untilTaken(world, ({ smtpPort }) => mail(smtpPort, { from: attendee, to, raw }));
    }
    world.answers.push({ uid, attendee, partstat, messageId, takenAt: Date.now() });
    await sleep(randomInt(400) * world.slower);
  }
}

async function mail(port: number, message: { from: string; to: string; raw: Uint8Array }): Promise<void> {
  const session = openSession(port);
  try {
    await session.send(message);
  } finally {
    session.end();
  }
}

const ring = parseKeyRing(SECRETS);

async function click(world: World, uid: string, attendee: string, partstat: Partstat): Promise<void> {
  const expiresAt = Date.now() + 30 * 86_400_000;
  const token = await signRsvpToken(ring, { uid, recurrenceId: null, attendee, organizer, expiresAt });
  const body = new URLSearchParams({ token, action: partstat.toLowerCase(), sequence: '0' }).toString();
  await untilTaken(world, async ({ httpUrl }) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await request(`${httpUrl}/rsvp/`, { method: 'POST', headers, body });
    await answer.body.dump();
    if (answer.statusCode !== 303) throw new Error(`the click got ${answer.statusCode}`);
  });
}

async function changeOn(world: World, uid: string, recipient: string): Promise<void> {
  const attendees = guests.map((email) => ({ email }));
  for (let change = 0; !world.over || change === 0; change += 1) {
    const calendar = meeting({ uid, organizer, attendees }).replace('Planning', subjectOf(uid, change));
    await untilTaken(world, (gateway) => postCallback(gateway, { organizer, recipient, calendar }));
    world.changes.push({ uid, recipient, change });
    await sleep(randomInt(800) * world.slower);
  }
}

/** Waits until nothing is queued twice in a row, because a re-read follows a second after each write. */
async function settled({ databaseUrl }: World): Promise<void> {
  const { spool } = await openForOperator({ url: databaseUrl });
  let quiet = 0;
  try {
    await waitFor(
      'the end of all work',
      async () => {
        const waiting = (await spool.status()).reduce((sum, queue) => sum + queue.waiting, 0);
        quiet = waiting === 0 ? quiet + 1 : 0;
        return quiet >= 3;
      },
      120_000,
    );
  } finally {
    await spool.close();
  }
}

async function look({
  databaseUrl,
  relay,
  histories,
  answers,
  changes,
}: World): Promise<Omit<Seen, 'kills' | 'killingMs'>> {
  const { spool, ledger } = await openForOperator({ url: databaseUrl });
  const entries = await ledger.recent(1_000_000);
  await spool.close();
  const mails = relay.mails().map(({ to, raw }): SeenMail => {
    const header = (name: string): string =>
      new RegExp(`^${name}: *([^\\r]*(?:\\r\\n[ \\t][^\\r]*)*)`, 'im').exec(raw)?.[1] ?? '';
    const subject = header('Subject').replace(/\r\n[ \t]/g, ' ');
    return { recipient: to[0] ?? '', messageId: header('Message-ID'), subject };
  });
  return { answers, changes, histories, entries, mails, inFlight: IN_FLIGHT };
}
