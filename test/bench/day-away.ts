// The calendar server is unavailable for a day while answers arrive: how long after its return until all of them are
// visible. The day is simulated: the waiting answers get the attempts and due times that they would have after a day. `npx
// tsx test/bench/day-away.ts [answers] [embedded|radicale]`.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { answerMail } from '../harness/answers.ts';
import { meeting } from '../harness/calendar-server.ts';
import { startGate } from '../harness/gate.ts';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backEndSettings } from './apply.ts';
import {
  type BackEnd,
  calendarClient,
  measureGetPut,
  organizer,
  startEmbedded,
  startRadicaleBackEnd,
} from './back-end.ts';
import { inParallel, provenFrom, startBench } from './bench-kit.ts';
import { deliver, type MailToSend } from './deliver.ts';

export interface DayAwayFigures {
  readonly backEnd: string;
  readonly answers: number;
  readonly events: number;
  /** Answers accepted per second while the server was unavailable. */
  readonly accepted: number;
  /** Seconds from the return until the first, half, and all of them were in the calendar. */
  readonly first: number;
  readonly half: number;
  readonly all: number;
  /** GET+PUT pairs per second of the back end alone. */
  readonly getPut: number;
}

type Times = Pick<DayAwayFigures, 'first' | 'half' | 'all'>;

/** The embedded server keeps a thousand events for each of its users. */
const EVENTS_EACH = 500;
const guests = ['guest0@remote.test', 'guest1@remote.test'];
/** One answer in ten is to an event that already has an answer. */
const SHARED = 0.1;
/** The same as `toCaldav` in wire-queues.ts. */
const LONGEST_DELAY_MS = 5 * 60_000;
/** Long enough for the breaker's pauses to reach their maximum. */
const STILL_AWAY_MS = 45_000;

interface Meeting {
  readonly owner: string;
  readonly uid: string;
}

export async function measureDayAway(
  built: BuiltGateway,
  start: (organizers: readonly string[]) => Promise<BackEnd>,
  answers: number,
): Promise<DayAwayFigures> {
  const events = Math.ceil(answers * (1 - SHARED));
  const owners = Array.from({ length: Math.ceil(events / EVENTS_EACH) }, (_, at) => `owner${at}@example.com`);
  const meetings = Array.from({ length: events }, (_, at): Meeting => {
    return { owner: owners[at % owners.length] ?? '', uid: `event-${at}@example.com` };
  });
  const backEnd = await start([organizer, ...owners]);
  const gate = await startGate(Number(new URL(backEnd.url).port));
  const url = `http://127.0.0.1:${gate.port}/`;
  const bench = await startBench(built, backEndSettings({ ...backEnd, url }));
  const store = openMeetings(backEnd, owners);
  try {
    await inParallel(meetings, 8, store.put);
    const getPut = await measureGetPut(backEnd, await putSome(backEnd), 8);
    await gate.shut();
    const mails = [
      ...meetings.map((one) => answerTo(one, 0)),
      ...meetings.slice(events - answers).map((one) => answerTo(one, 1)),
    ];
    const begun = performance.now();
    await deliver(bench.gateway.smtpPort, mails, 8);
    const accepted = (mails.length * 1_000) / (performance.now() - begun);
    const database = openToRead(bench.databaseUrl);
    await waitFor('a try of every answer', async () => database.tried() === mails.length, 600_000);
    await bench.restart(passADay);
    await sleep(STILL_AWAY_MS);
    await gate.open();
    const times = await untilApplied(database, mails.length);
    database.close();
    await inParallel(meetings, 4, store.check);
    return { backEnd: backEnd.name, answers: mails.length, events, accepted, ...times, getPut };
  } finally {
    await store.close();
    await bench.stop();
    await gate.close();
    await backEnd.stop();
  }
}

/** The organizers' direct access to their calendars, without the gate. */
function openMeetings(backEnd: BackEnd, owners: readonly string[]) {
  const clients = new Map(owners.map((owner) => [owner, calendarClient(backEnd, 4, owner)]));
  const attendees = guests.map((email) => ({ email }));
  return {
    async put({ owner, uid }: Meeting): Promise<void> {
      await clients.get(owner)?.put(uid, meeting({ uid, organizer: owner, attendees }), null);
    },
    async check({ owner, uid }: Meeting): Promise<void> {
      const { text } = (await clients.get(owner)?.get(uid)) ?? { text: '' };
      if (!text.includes('PARTSTAT=ACCEPTED')) throw new Error(`the answer is not in ${uid}`);
    },
    close: () => Promise.all([...clients.values()].map((client) => client.close())),
  };
}

async function putSome(backEnd: BackEnd): Promise<string[]> {
  const uids = Array.from({ length: 200 }, (_, at) => `measured-${at}@example.com`);
  const client = calendarClient(backEnd, 8);
  const attendees = guests.map((email) => ({ email }));
  await inParallel(uids, 8, (uid) => client.put(uid, meeting({ uid, organizer, attendees }), null));
  await client.close();
  return uids;
}

function answerTo({ owner, uid }: Meeting, guest: number): MailToSend {
  const attendee = guests[guest] ?? '';
  const raw = answerMail({ attendee, organizer: owner, uid, partstat: 'ACCEPTED' });
  return { from: attendee, to: owner, raw: provenFrom(attendee, raw) };
}

/** Gives the waiting tasks the state after a day of retries: the longest delay, and a due time at random within it. */
function passADay(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`
    update task set attempts = 300, due_at = due_at + abs(random()) % ${LONGEST_DELAY_MS},
      created_at = created_at - 86400000 where queue = 'event' and state = 'waiting';
    update lane set ready_at = (select min(due_at) from task
      where task.queue = lane.queue and task.lane = lane.name and state = 'waiting')`);
  database.close();
}

function openToRead(url: string) {
  const database = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true });
  const tried = database.prepare(`select count(*) as n from task where queue = 'event' and attempts > 0`);
  const applied = database.prepare(`select count(*) as n from entry where verdict = 'applied'`);
  const count = (statement: typeof tried): number => Number((statement.get() as { n: number }).n);
  return { tried: () => count(tried), applied: () => count(applied), close: () => database.close() };
}

/** Uses the ledger, which is written after the calendar, because polling every event would load the server. */
async function untilApplied(
  { applied }: Pick<ReturnType<typeof openToRead>, 'applied'>,
  wanted: number,
): Promise<Times> {
  const begun = performance.now();
  const when = async (count: number): Promise<number> => {
    await waitFor(`${count} applied answers`, async () => applied() >= count, 1_800_000);
    return (performance.now() - begun) / 1_000;
  };
  return { first: await when(1), half: await when(wanted / 2), all: await when(wanted) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildGateway();
  const start = process.argv[3] === 'radicale' ? startRadicaleBackEnd : startEmbedded;
  console.log(await measureDayAway(built, start, Number(process.argv[2] ?? 10_000)));
  built.remove();
}
