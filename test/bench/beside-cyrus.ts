// Compares the gateway with Cyrus IMAP (`processimip` over LMTP), using the same load generator and the same mails:
// distinct events, and one event that all attendees answer. The generator and the set-up of Cyrus are in a folder next to
// this repository; without them, or without root, nothing is measured. `npx tsx test/bench/beside-cyrus.ts [events]
// [attendees]`.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildGateway, type BuiltGateway } from '../harness/gateway-process.ts';
import { organizer } from './back-end.ts';
import { OWN_DOMAIN, startBench } from './bench-kit.ts';

const peers = fileURLToPath(new URL('../../../shared/peers/cyrus', import.meta.url));

/** Answers applied per second, and processor time per answer, ms. */
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

/** Both write to the same Cyrus: Cyrus directly, the gateway by CalDAV. */
export async function measureBesideCyrus(
  built: BuiltGateway,
  sizes: { readonly events: number; readonly attendees: number },
): Promise<BesideCyrus[]> {
  const loads = {
    distinct: ['--workload', 'distinct', '--events', String(sizes.events), '--connections', '8'],
    hot: ['--workload', 'hot', '--attendees', String(sizes.attendees), '--connections', '8'],
  };
  const figures: BesideCyrus[] = [];
  for (const workload of ['distinct', 'hot'] as const) {
    const server = startCyrus();
    try {
      const cyrus = await load([...loads[workload], ...server.args, '--to', server.lmtp, '--pid', server.pid]);
      figures.push({ workload, cyrus, gateway: await loadGateway(built, server, loads[workload]) });
    } finally {
      server.stop();
    }
  }
  return figures;
}

interface Cyrus {
  readonly lmtp: string;
  readonly pid: string;
  /** A CalDAV port without scheduling: with it, Cyrus would send messages about our writes. */
  readonly caldav: string;
  /** The path of the events, for the generator. */
  readonly args: readonly string[];
  stop(): void;
}

function startCyrus(): Cyrus {
  const folder = mkdtempSync(join(tmpdir(), 'cyrus-'));
  const said = execFileSync(join(peers, 'up.sh'), [folder], { encoding: 'utf8' });
  const where = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1] ?? '';
  return {
    lmtp: where('lmtp'),
    caldav: where('preload'),
    pid: readFileSync(join(folder, 'run/master.pid'), 'utf8').trim(),
    args: ['--caldav', where('caldav'), '--preload', where('preload'), '--auth', '{user}:secret'],
    stop() {
      execFileSync(join(peers, 'down.sh'), [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

async function loadGateway(built: BuiltGateway, cyrus: Cyrus, args: readonly string[]): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
  const accounts = join(folder, 'accounts.json');
  writeFileSync(accounts, JSON.stringify({ [organizer]: { username: 'alice', password: 'secret' } }));
  const bench = await startBench(built, {
    ...OWN_DOMAIN,
    CALDAV_URL: cyrus.caldav,
    CALDAV_AUTH: `accounts:${accounts}`,
    CALDAV_HOME: '/dav/calendars/user/{localpart}/',
  });
  const { gateway } = bench;
  try {
    const proof = 'Authentication-Results: mx.example.com; dmarc=pass header.from=remote.test';
    const mail = ['--to', `smtp://127.0.0.1:${gateway.smtpPort}`, '--rcpt', organizer, '--mail-header', proof];
    return await load([...args, ...cyrus.args, ...mail, '--pid', String(gateway.pid)]);
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true });
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

async function load(args: readonly string[], tries = 3): Promise<LoadFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(peers, 'load.mjs'), ...args]);
  // It ends without an error if a server that has just started drops one of its connections.
  if (stdout === '' && tries > 1) {
    await sleep(2_000);
    return load(args, tries - 1);
  }
  const report = JSON.parse(stdout) as LoadReport;
  if (report.verified !== report.accepted || report.damagedEvents > 0)
    throw new Error(`answers are missing: ${stdout}`);
  return { applied: report.appliedPerSecond, cpu: report.cpuMsPerReply, ack: report.ackMs.p50 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [events = '600', attendees = '1000'] = process.argv.slice(2);
  const built = buildGateway();
  console.log(await measureBesideCyrus(built, { events: Number(events), attendees: Number(attendees) }));
  built.remove();
}
