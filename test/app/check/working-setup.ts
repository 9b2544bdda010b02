// A set-up on loopback in which every check succeeds: DNS records, a relay that catches mail, keys and a certificate. In: a
// CalDAV server; out: the environment, and the parts that a test may break.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from '../../../src/app/check/run-checks.ts';
import type { CheckResult } from '../../../src/app/check/check-result.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { makeSecret } from '../../../src/app/start-gateway.ts';
import { type DnsResponder, openDnsResponder } from '../../adapters/authenticate/dns-responder.ts';
import type { CalendarServer } from '../../harness/calendar-server.ts';
import { type Catcher, startCatcher } from '../../harness/catcher.ts';
import { freePort } from '../../harness/free-port.ts';
import { writeCertificate } from '../../harness/make-certificate.ts';

export interface WorkingSetup {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly dns: DnsResponder;
  readonly relay: Catcher;
  readonly smtpPort: number;
  /** Returns the results by name. `settings` replace those of the environment. */
  check(settings?: Readonly<Record<string, string>>, options?: SetupOptions): Promise<Map<string, CheckResult>>;
  stop(): Promise<void>;
}

export interface SetupOptions {
  readonly organizer?: string | null;
  readonly sendTo?: string;
  readonly now?: () => number;
}

export async function startWorkingSetup(
  server: Pick<CalendarServer, 'url' | 'service' | 'home'>,
): Promise<WorkingSetup> {
  const folder = await mkdtemp(join(tmpdir(), 'imip-check-'));
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(folder, 'dkim.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  writeCertificate(folder, 'gateway.example.com');
  const dns = await openDnsResponder({
    'reply.example.com': { MX: ['10 mx.example.com'], TXT: ['v=spf1 mx -all'] },
    'mx.example.com': { A: ['127.0.0.1'] },
    '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
    's1._domainkey.example.com': { TXT: [`v=DKIM1; k=rsa; p=${p}`] },
  });
  const relay = await startCatcher();
  const [smtpPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const environment = {
    GATEWAY_SECRETS: makeSecret(),
    DATABASE_URL: `sqlite:${join(folder, 'data', 'gateway.db')}`,
    HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    APP_URL: `http://127.0.0.1:${httpPort}`,
    SMTP_LISTEN: `127.0.0.1:${smtpPort}`,
    SMTP_TLS_CERT: join(folder, 'gateway.example.com.cert'),
    SMTP_TLS_KEY: join(folder, 'gateway.example.com.key'),
    GATEWAY_HOSTNAME: 'gateway.example.com',
    CALDAV_URL: server.url,
    CALDAV_AUTH: 'basic',
    CALDAV_USERNAME: server.service?.username ?? '',
    CALDAV_PASSWORD: server.service?.password ?? '',
    CALDAV_HOME: server.home,
    CALDAV_INBOUND_API_KEY: 'callback-key',
    CALENDAR_INVITATION_FROM_EMAIL: 'calendar@example.com',
    SMTP_URL: relay.smtpUrl,
    REPLY_DOMAIN: 'reply.example.com',
    DNS_SERVERS: dns.server,
    DKIM_DOMAIN: 'example.com',
    DKIM_SELECTOR: 's1',
    DKIM_KEY: join(folder, 'dkim.pem'),
  };
  return {
    folder,
    environment,
    dns,
    relay,
    smtpPort,
    async check(settings = {}, { organizer = 'alice@example.com', sendTo, now = Date.now } = {}) {
      const results = await runChecks(
        {
          environment: { ...environment, ...settings },
          organizer: organizer === null ? null : calendarAddress(organizer),
          sendTo: sendTo === undefined ? null : calendarAddress(sendTo),
          now,
          mxPort: smtpPort,
        },
        () => {},
      );
      return new Map(results.map((result) => [result.name, result]));
    },
    async stop() {
      dns.close();
      await relay.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Returns `name: status` of the results that are failures or warnings, in order. Those of time zones are left out, because they
 * depend on the Node that runs the tests.
 */
export function problemsIn(results: ReadonlyMap<string, CheckResult>): string[] {
  return [...results.values()]
    .filter(({ status }) => status === 'failed' || status === 'warning')
    .filter(({ name }) => name !== 'time zones')
    .map(({ name, status }) => `${name}: ${status}`);
}
