// The gateway beside Cyrus IMAP (`processimip` over LMTP), with the same load generator and the same mails: distinct events,
// and one event that everybody answers. The generator and Cyrus's set-up lie beside this repository; where they are not,
// or not as root, there is nothing to measure. `npx tsx test/bench/beside-cyrus.ts [events] [attendees]`.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildGateway, type BuiltGateway } from '../system/gateway-process.ts';
import { backEndSettings } from './apply.ts';
import { type BackEnd, organizer } from './back-end.ts';
import { startBench } from './bench-kit.ts';

const peers = fileURLToPath(new URL('../../../shared/peers/cyrus', import.meta.url));

/** Answers applied per second, and milliseconds of processor time for each. */
export interface LoadFigures {
  readonly applied: number;
  readonly cpu: number;
  /** Milliseconds from the final dot to 250. */
  readonly ack: number;
}

export interface BesideCyrus {
  readonly workload: 'distinct' | 'hot';
  readonly cyrus: LoadFigures;
  readonly gateway: LoadFigures;
}

export function canMeasureCyrus(): boolean {
  return existsSync(join(peers, 'load.mjs')) && existsSync('/usr/sbin/cyrmaster') && process.getuid?.() === 0;
}

/** @param start the CalDAV server that the gateway writes to */
export async function measureBesideCyrus(
  built: BuiltGateway,
  start: () => Promise<BackEnd>,
  sizes: { readonly events: number; readonly attendees: number },
): Promise<BesideCyrus[]> {
  const loads = {
    distinct: ['--workload', 'distinct', '--events', String(sizes.events), '--connections', '8'],
    hot: ['--workload', 'hot', '--attendees', String(sizes.attendees), '--connections', '8'],
  };
  const figures: BesideCyrus[] = [];
  for (const workload of ['distinct', 'hot'] as const) {
    const cyrus = await loadCyrus(loads[workload]);
    figures.push({ workload, cyrus, gateway: await loadGateway(built, await start(), loads[workload]) });
  }
  return figures;
}

async function loadCyrus(args: readonly string[]): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'cyrus-'));
  const said = execFileSync(join(peers, 'up.sh'), [folder], { encoding: 'utf8' });
  const where = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1] ?? '';
  const pid = readFileSync(join(folder, 'run/master.pid'), 'utf8').trim();
  try {
    const places = ['--to', where('lmtp'), '--caldav', where('caldav'), '--preload', where('preload')];
    return await load([...args, ...places, '--auth', '{user}:secret', '--pid', pid]);
  } finally {
    execFileSync(join(peers, 'down.sh'), [folder]);
    rmSync(folder, { recursive: true });
  }
}

async function loadGateway(built: BuiltGateway, backEnd: BackEnd, args: readonly string[]): Promise<LoadFigures> {
  const bench = await startBench(built, backEndSettings(backEnd));
  const { gateway } = bench;
  try {
    const { username, password } = backEnd.service;
    const proof = 'Authentication-Results: mx.example.com; dmarc=pass header.from=remote.test';
    const mail = ['--to', `smtp://127.0.0.1:${gateway.smtpPort}`, '--rcpt', organizer, '--mail-header', proof];
    const calendar = ['--caldav', backEnd.url.replace(/\/$/, ''), '--home', backEnd.path];
    return await load([
      ...args,
      ...mail,
      ...calendar,
      '--auth',
      `${username}:${password}`,
      '--pid',
      String(gateway.pid),
    ]);
  } finally {
    await bench.stop();
    await backEnd.stop();
  }
}

interface LoadReport {
  readonly accepted: number;
  readonly verified: number;
  readonly damagedEvents: number;
  readonly appliedPerSecond: number;
  readonly cpuMsPerReply: number;
  readonly ackMs: { readonly p50: number };
}

async function load(args: readonly string[]): Promise<LoadFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(peers, 'load.mjs'), ...args]);
  const report = JSON.parse(stdout) as LoadReport;
  if (report.verified !== report.accepted || report.damagedEvents > 0)
    throw new Error(`answers are missing: ${stdout}`);
  return { applied: report.appliedPerSecond, cpu: report.cpuMsPerReply, ack: report.ackMs.p50 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { startRadicaleBackEnd, startEmbedded } = await import('./back-end.ts');
  const [events = '200', attendees = '200', kind] = process.argv.slice(2);
  const built = buildGateway();
  const start = kind === 'embedded' ? startEmbedded : startRadicaleBackEnd;
  console.log(await measureBesideCyrus(built, start, { events: Number(events), attendees: Number(attendees) }));
  built.remove();
}
