// Shared by the measurements: the built gateway in a separate process, a relay that discards its mail, and a DNS server
// without records. In: the CalDAV server's settings; out: functions that load the gateway and read its state.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import { calendarAddress } from '../../src/core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../src/core/ical/types.ts';
import { startNxdomainResolver } from '../../src/playground/nxdomain-resolver.ts';
import { parseKeyRing } from '../../src/core/signing/keys.ts';
import { replyAddress } from '../../src/core/signing/reply-address.ts';
import { type BuiltGateway, type GatewayProcess, startGatewayProcess } from '../harness/gateway-process.ts';
import { type Catcher, startCatcher } from '../harness/catcher.ts';

export const CALLBACK_KEY = 'callback-key';
export const REPLY_DOMAIN = 'reply.example.com';
export const SECRETS = `k1:${Buffer.alloc(32, 1).toString('base64')}`;

export interface Bench {
  readonly gateway: GatewayProcess;
  readonly relay: Catcher;
  readonly databaseUrl: string;
  /** The size on disk, with the log. */
  databaseBytes(): Promise<number>;
  /** Stops the gateway, runs `work` on its database, and starts a new gateway on it. */
  restart(meanwhile: (databaseFile: string) => void): Promise<void>;
  stop(): Promise<void>;
}

export async function startBench(
  built: BuiltGateway,
  settings: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const [relay, noDns] = await Promise.all([startCatcher(), startNxdomainResolver()]);
  const file = join(folder, 'gateway.db');
  const databaseUrl = `sqlite:${file}`;
  const base = settingsFor({ databaseUrl, smtpUrl: relay.smtpUrl, dns: noDns.address });
  const start = (): Promise<GatewayProcess> => startGatewayProcess(built, { ...base, ...settings }, nodeArgs);
  let gateway = await start();
  return {
    get gateway() {
      return gateway;
    },
    relay,
    databaseUrl,
    async databaseBytes() {
      const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },
    async restart(meanwhile) {
      await gateway.stop();
      meanwhile(file);
      gateway = await start();
    },
    async stop() {
      await gateway.stop();
      await Promise.all([relay.stop(), noDns.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function settingsFor(where: { databaseUrl: string; smtpUrl: string; dns: string }): Record<string, string> {
  return {
    GATEWAY_SECRETS: SECRETS,
    DATABASE_URL: where.databaseUrl,
    HTTP_LISTEN: '127.0.0.1:0',
    SMTP_LISTEN: '127.0.0.1:0',
    LMTP_LISTEN: '127.0.0.1:0',
    APP_URL: 'https://calendar.example.com',
    CALDAV_URL: 'http://127.0.0.1:1/',
    CALDAV_OUTBOUND_API_KEY: 'unused',
    CALDAV_INBOUND_API_KEY: CALLBACK_KEY,
    CALENDAR_ITIP_ENABLED: 'True',
    CALENDAR_INVITATION_FROM_EMAIL: 'calendar@example.com',
    NOTIFY_ORGANIZER: 'held',
    SMTP_URL: where.smtpUrl,
    REPLY_DOMAIN,
    DNS_SERVERS: where.dns,
    GATEWAY_HOSTNAME: 'gateway.example.com',
  };
}

/** Settings for answers to the organizer's own address, from senders whom the relay in front has authenticated. */
export const OWN_DOMAIN: Readonly<Record<string, string>> = {
  REPLY_RECIPIENTS: '@example.com',
  TRUSTED_RELAYS: '127.0.0.1',
  TRUSTED_AUTHSERV_IDS: 'mx.example.com',
};

export function provenFrom(attendee: string, raw: Uint8Array): Buffer {
  const domain = attendee.split('@')[1] ?? '';
  const proof = `Authentication-Results: mx.example.com; dmarc=pass header.from=${domain}\r\n`;
  return Buffer.concat([Buffer.from(proof), raw]);
}

const ring = parseKeyRing(SECRETS);

/** Returns the reply address of an attendee. */
export function replyTo(organizer: string, attendee: string): string {
  const pair = { organizer: addressOf(organizer), attendee: addressOf(attendee) };
  return replyAddress(ring, pair, REPLY_DOMAIN).address;
}

function addressOf(email: string): CalendarAddress {
  const address = calendarAddress(email);
  if (address === null) throw new TypeError(email);
  return address;
}

export interface Callback {
  readonly organizer: string;
  readonly recipient: string;
  /** Without METHOD, which is added. Bytes are posted unchanged. */
  readonly calendar: string | Uint8Array;
}

export function asRequest(calendar: string): string {
  return calendar.replace('BEGIN:VEVENT', 'METHOD:REQUEST\r\nBEGIN:VEVENT');
}

/** Posts the callback as a CalDAV server does; rejects if the response is not 200. */
export async function postCallback(
  { httpUrl }: Pick<GatewayProcess, 'httpUrl'>,
  { organizer, recipient, calendar }: Callback,
  dispatcher?: Dispatcher,
): Promise<void> {
  const answer = await request(`${httpUrl}/api/v1.0/caldav-scheduling-callback/`, {
    method: 'POST',
    headers: {
      'content-type': 'text/calendar; charset=utf-8',
      'x-api-key': CALLBACK_KEY,
      'x-caldav-sender': organizer,
      'x-caldav-recipient': recipient,
      'x-caldav-method': 'REQUEST',
    },
    body: typeof calendar === 'string' ? asRequest(calendar) : calendar,
    ...(dispatcher && { dispatcher }),
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`the callback for ${recipient} got ${answer.statusCode}`);
}

/** Runs `work` on the items, with that many at the same time. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
    }),
  );
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN;
}

/** Returns the resident memory of a process, MB. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Returns the processor time of a process so far, ms. */
export async function cpuOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
