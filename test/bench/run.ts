// `npm run bench [quick] [NAME …]`: measures every figure of the README and of docs/decisions in one run, and prints one
// table with the limits. `quick` uses a tenth of the load; names such as `accept`, `decisions` or `tsdav` select rows. On a
// busy machine only ratios and processor times are meaningful, so the load is printed as well.
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { lacks } from '../system/requirements.ts';
import { measureAccept } from './accept.ts';
import { measureApply } from './apply.ts';
import { type BackEnd, startEmbedded, startRadicaleBackEnd } from './back-end.ts';
import { canMeasureCyrus, measureBesideCyrus } from './beside-cyrus.ts';
import { measureBlackHole } from './black-hole.ts';
import { measureCallbacks } from './callbacks.ts';
import { measureDayAway } from './day-away.ts';
import { type Finding, machineText } from './decisions/findings.ts';
import { measureIcalJs } from './decisions/ical-js.ts';
import { measureMailparser } from './decisions/mailparser.ts';
import { measureRecurrence } from './decisions/recurrence.ts';
import { measureSpool } from './decisions/spool.ts';
import { measureSqlite } from './decisions/sqlite.ts';
import { measureTsdav } from './decisions/tsdav.ts';
import { measureHotEvent } from './hot-event.ts';
import { measureQueue } from './queue.ts';
import { measureRooms } from './where-time-goes.ts';

interface Row {
  readonly what: string;
  readonly figure: string;
  /** The figure to compare with, from the same run. */
  readonly beside: string;
  readonly promise: string;
  readonly held: boolean | null;
}

const names = process.argv.slice(2).filter((name) => name !== 'quick');
const quick = process.argv.includes('quick');
const some = (count: number): number => (quick ? Math.ceil(count / 10) : count);
const rows: Row[] = [];
/** Built when the first row needs it; the rows of the decisions do not. */
let build: BuiltGateway | null = null;
const built = (): BuiltGateway => (build ??= buildGateway());

function add(what: string, figure: string, beside: string, promise = '', held: boolean | null = null): void {
  rows.push({ what, figure, beside, promise, held });
  console.log(`${what}: ${figure}${beside === '' ? '' : ` (${beside})`}`);
}

const round = (value: number, digits = 0): string => value.toFixed(digits);
const times = (figure: number, limit: number): string => `${(figure / limit).toFixed(2)} ×`;

async function accept(): Promise<void> {
  for (const { connections, rates, costs, p99 } of await measureAccept([1, 10, 50], quick ? 1 : 3)) {
    const { gateway, plain, append } = rates;
    const files = `${times(gateway, plain)} a plain server with a file and an fsync for each mail (${round(plain)}/s)`;
    const log = `${times(gateway, append)} one that appends to a log and shares fdatasyncs (${round(append)}/s)`;
    const cpu = `${round(costs.gateway)} µs CPU each (plain ${round(costs.plain)}, log ${round(costs.append)})`;
    const beside = `${files}, ${log}; ${cpu}; 250 p99 ${round(p99, 1)} ms`;
    const [promise, held] = connections === 50 ? (['≥ 1.5 ×', gateway >= 1.5 * plain] as const) : ['', null];
    add(`accept, ${connections} connections`, `${round(gateway)}/s`, beside, promise, held);
  }
}

async function apply(start: () => Promise<BackEnd>): Promise<void> {
  const figures = await measureApply(built(), start, some(600));
  const { backEnd, getPut } = figures;
  for (const kind of ['cold', 'warm'] as const) {
    const beside = `${times(figures[kind], getPut)} its own GET+PUT (${round(getPut)}/s); ${round(figures.cpu, 1)} ms CPU each`;
    add(`apply, ${backEnd}, ${kind}`, `${round(figures[kind])}/s`, beside, '≥ 0.8 ×', figures[kind] >= 0.8 * getPut);
  }
  const { visible } = figures;
  add(`250 to visible at half of that, ${backEnd}`, `p95 ${round(visible, 2)} s`, '', '< 2 s', visible < 2);
  add(`memory after that, ${backEnd}`, `${round(figures.memory)} MB`, '');
}

async function hotEvent(attendees: number): Promise<void> {
  const { sent, puts, p50, worst, cpu, memory } = await measureHotEvent(built(), attendees);
  const beside = `sent in ${round(sent)} s; ${round(cpu, 1)} ms CPU each; ${round(memory)} MB`;
  const figure = `${puts} PUTs; visible p50 ${round(p50, 1)} s, worst ${round(worst, 1)} s`;
  const promised = attendees <= 2_000;
  const held = promised ? puts <= 20 && worst <= 5 : null;
  add(`one event, ${attendees} answer in 10 s`, figure, beside, promised ? '≤ 20 PUTs, ≤ 5 s' : '', held);
}

async function callbacks(): Promise<void> {
  const { attendees, bytes, p50, p99, posted, mailed, cpu, databaseBytes } = await measureCallbacks(
    built(),
    some(2_000),
  );
  const size = `${round(bytes / 1024)} kB each; ${round(databaseBytes / 2 ** 20)} MB of database`;
  const figure = `p50 ${round(p50, 2)} ms, p99 ${round(p99, 1)} ms; all in ${round(posted, 1)} s`;
  add(`callbacks, ${attendees} attendees`, figure, size, 'p50 < 3 ms, all < 20 s', p50 < 3 && posted < 20);
  add('their mails', `all in ${round(mailed, 1)} s`, `${round(cpu, 1)} ms CPU for a callback and its mail`);
}

async function queue(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'queue-'));
  const waiting = some(100_000);
  const [empty, ...full] = await measureQueue(`sqlite:${join(folder, 'gateway.db')}`, waiting);
  for (const { state, put, claim, commit } of full) {
    const figure = `put ${round(put, 1)}, claim ${round(claim, 1)}, commit ${round(commit, 1)} ms`;
    const beside = `empty: ${round(empty?.put ?? 0, 1)}, ${round(empty?.claim ?? 0, 1)}, ${round(empty?.commit ?? 0, 1)} ms`;
    add(`queue, ${state}`, figure, beside);
  }
  await rm(folder, { recursive: true });
}

async function blackHole(): Promise<void> {
  for (const kind of ['swallows', 'drops'] as const) {
    const { alone, beside, atFirst } = await measureBlackHole(built(), kind);
    const what = kind === 'swallows' ? 'one back end that never answers' : 'one back end whose SYNs are lost';
    const without = `${times(beside, alone)} without (${round(alone)}/s); ${times(atFirst, alone)} in its first seconds`;
    add(what, `${round(beside)}/s beside it`, without, '≥ 0.9 ×', beside >= 0.9 * alone);
  }
}

async function dayAway(start: (organizers: readonly string[]) => Promise<BackEnd>): Promise<void> {
  const figures = await measureDayAway(built(), start, some(10_000));
  const { backEnd, answers, accepted, first, half, all, getPut } = figures;
  const beside = `first after ${round(first)} s, half after ${round(half)} s; ${times(answers / all, getPut)} its own GET+PUT (${round(getPut)}/s); taken at ${round(accepted)}/s`;
  const figure = `all ${answers} in after ${round(all)} s`;
  add(`${backEnd} back after a day`, figure, beside, '≤ 15 min', all <= 900);
}

async function cyrus(): Promise<void> {
  const sizes = { events: some(600), attendees: some(1_000) };
  for (const { workload, cyrus: peer, gateway } of await measureBesideCyrus(built(), sizes)) {
    const beside = `${times(gateway.applied, peer.applied)} Cyrus (${round(peer.applied)}/s, ${round(peer.cpu, 1)} ms CPU)`;
    const figure = `${round(gateway.applied)}/s, ${round(gateway.cpu, 1)} ms CPU`;
    add(`beside Cyrus, ${workload}`, figure, beside, '> 1 ×', gateway.applied > peer.applied);
  }
}

async function rooms(): Promise<void> {
  const shares = [...(await measureRooms(built(), some(600)))].filter(([, share]) => share >= 0.02);
  add('where an answer’s time goes', shares.map(([room, share]) => `${room} ${round(share * 100)} %`).join(', '), '');
}

/** Each row belongs to a page of docs/decisions and has no limit. */
async function decision(measure: () => Promise<readonly Finding[]>): Promise<void> {
  for (const { what, figure, beside } of await measure()) add(what, figure, beside);
}

async function applyAll(): Promise<void> {
  await apply(startEmbedded);
  if (!lacks('radicale')) await apply(startRadicaleBackEnd);
}

async function hotEvents(): Promise<void> {
  for (const attendees of [500, 2_000, 10_000].slice(0, quick ? 1 : 3)) await hotEvent(attendees);
}

async function daysAway(): Promise<void> {
  await dayAway(startEmbedded);
  if (!lacks('radicale')) await dayAway(startRadicaleBackEnd);
}

async function besideCyrus(): Promise<void> {
  if (canMeasureCyrus()) await cyrus();
  else console.log('Cyrus IMAP: not measured, for it or its load generator is not here');
}

const decisions: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['ical.js', () => decision(measureIcalJs)],
  ['mailparser', () => decision(measureMailparser)],
  ['tsdav', () => decision(measureTsdav)],
  ['recurrence', () => decision(measureRecurrence)],
  ['spool', () => decision(measureSpool)],
  ['sqlite', () => decision(measureSqlite)],
]);

const groups: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['accept', accept],
  ['apply', applyAll],
  ['hot-event', hotEvents],
  ['callbacks', callbacks],
  ['queue', queue],
  ['black-hole', blackHole],
  ['day-away', daysAway],
  ['cyrus', besideCyrus],
  ['rooms', rooms],
  ...decisions,
]);

/** Returns all rows if none is named. */
function wanted(): (() => Promise<void>)[] {
  if (names.length === 0) return [...groups.values()];
  return names.flatMap((name) => {
    if (name === 'decisions') return [...decisions.values()];
    const group = groups.get(name);
    if (group === undefined) throw new TypeError(`${name} is none of decisions, ${[...groups.keys()].join(', ')}`);
    return [group];
  });
}

const begun = loadavg();
try {
  for (const measure of wanted()) await measure();
} finally {
  (build as BuiltGateway | null)?.remove();
}
console.log(`\n${machineText(begun)}\n`);
console.log('| what | figure | beside | promise | held |\n|---|---|---|---|---|');
for (const { what, figure, beside, promise, held } of rows) {
  console.log(`| ${what} | ${figure} | ${beside} | ${promise} | ${held === null ? '' : held ? 'yes' : 'no'} |`);
}
