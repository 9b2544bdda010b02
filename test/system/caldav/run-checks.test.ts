// Runs all checks on a working configuration and on broken ones, with a real Radicale.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { formatResult, formatSummary } from '../../../src/app/check/format-results.ts';
import type { CheckResult } from '../../../src/app/check/check-result.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { openLog } from '../../../src/app/log.ts';
import { makeSecret, startGateway } from '../../../src/app/start-gateway.ts';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import type { CalendarServer } from '../../harness/calendar-server.ts';
import { startCatcher } from '../../harness/catcher.ts';
import { freePort } from '../../harness/free-port.ts';
import { writeCertificate } from '../../harness/make-certificate.ts';
import { lacks } from '../requirements.ts';
import { startRadicale } from './radicale.ts';
import { problemsIn, startWorkingSetup, type WorkingSetup } from '../../app/check/working-setup.ts';

const cli = fileURLToPath(new URL('../../../src/app/cli/cli.ts', import.meta.url));
const unavailable = lacks('radicale');
/** Its certificate is self-signed and cannot be trusted in a test. */
const selfSigned = 'reply MX: warning';

describe.skipIf(unavailable)('imip-gateway check', () => {
  let server: CalendarServer;
  let setup: WorkingSetup;

  beforeAll(async () => {
    server = await startRadicale();
    setup = await startWorkingSetup(server);
  });
  afterAll(async () => {
    await setup?.stop();
    await server?.stop();
  });

  const shown = (results: ReadonlyMap<string, CheckResult>, name: string): string => {
    const result = results.get(name);
    return result === undefined ? `no result ${name}` : formatResult(result);
  };

  it('succeeds on a working set-up, sends a mail, and leaves no event behind', async () => {
    const results = await setup.check({}, { sendTo: 'admin@remote.test' });
    expect(problemsIn(results)).toEqual([selfSigned]);
    expect([...results.keys()]).toEqual([
      'settings',
      'database',
      'secrets',
      'caldav',
      'credentials',
      'calendars',
      'event',
      'clock',
      'time zones',
      'submission',
      'mail',
      'SPF',
      'DKIM',
      'DMARC',
      'smtp',
      'lmtp',
      'certificate',
      'reply MX',
      'pages',
    ]);
    expect(shown(results, 'event')).toMatch(
      /^✓ event +an event of alice@example\.com was created, found, changed with If-Match/,
    );
    expect(shown(results, 'DMARC')).toContain(
      'p=reject; From aligns by SPF (reply.example.com) and DKIM (example.com)',
    );
    expect(shown(results, 'reply MX')).toMatch(/mail reaches this gateway; its certificate is not trusted/);
    const mail = await setup.relay.waitFor(({ to }) => to[0] === 'admin@remote.test');
    expect(mail.from).toMatch(/^b1\w+-[a-z2-7]{26}-[a-z2-7]{26}@reply\.example\.com$/);
    expect(mail.raw).toMatch(/^DKIM-Signature: .*d=example\.com/m);
    expect(await eventsOf(server)).toEqual([]);
    // `time zones` is a warning if Node's rules are older than those of the library.
    expect(formatSummary([...results.values()])).toMatch(
      /^No check failed: (?:15 ok, 2|16 ok, 1) with a warning, 2 skipped\.$/,
    );
  });

  it('works while the gateway runs', async () => {
    const gateway = await startGateway(requireConfig(setup.environment), openLog('silent'));
    try {
      const results = await setup.check();
      expect(problemsIn(results)).toEqual([selfSigned]);
      expect(shown(results, 'smtp')).toMatch(
        /^✓ smtp +the server on .* accepts signed addresses and refuses forged ones/,
      );
      expect(shown(results, 'pages')).toMatch(/^✓ pages +http:\/\/127\.0\.0\.1:\d+ leads to the gateway/);
    } finally {
      await gateway.stop();
    }
  });

  it('skips the calendars without an organizer', async () => {
    const results = await setup.check({}, { organizer: null });
    expect(problemsIn(results)).toEqual([selfSigned]);
    expect(shown(results, 'credentials')).toMatch(/^✓ credentials +the server accepts the login of svc/);
    expect(shown(results, 'event')).toMatch(/^– event +no organizer was given: --organizer/);
  });

  it('runs the other checks if the database is damaged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imip-check-broken-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'gateway.db');
    await (await openSpool({ url: `sqlite:${file}` })).spool.close();
    const database = new DatabaseSync(file);
    database.exec('drop table entry');
    database.close();
    const results = await setup.check({ DATABASE_URL: `sqlite:${file}` }, { organizer: null });
    expect(shown(results, 'secrets')).toMatch(/no such table: entry/);
    expect([...results.keys()]).toEqual(expect.arrayContaining(['clock', 'submission', 'pages']));
  });

  it('fails: invalid settings', async () => {
    const results = await setup.check({ SMTP_LISTEN: 'here', CALDAV_AUTH: 'magic' });
    expect([...results.keys()]).toEqual(['settings']);
    expect(shown(results, 'settings')).toMatch(
      /^✗ settings +2 settings are invalid\n.*→ SMTP_LISTEN must be .*\n.*→ CALDAV_AUTH/,
    );
  });

  it('fails: the CalDAV server is down', async () => {
    const results = await setup.check({ CALDAV_URL: `http://127.0.0.1:${await freePort()}/` });
    expect(problemsIn(results)).toEqual(['caldav: failed', 'clock: warning', selfSigned]);
    expect(shown(results, 'caldav')).toMatch(/ECONNREFUSED.*\n.*→ start the CalDAV server, or correct CALDAV_URL/);
  });

  it('fails: the password of the CalDAV account is wrong', async () => {
    const results = await setup.check({ CALDAV_PASSWORD: 'wrong' });
    expect(problemsIn(results)).toEqual(['credentials: failed', selfSigned]);
    expect(shown(results, 'credentials')).toMatch(/HTTP 401\n.*→ set CALDAV_USERNAME and CALDAV_PASSWORD/);
    const unnamed = await setup.check({ CALDAV_PASSWORD: 'wrong' }, { organizer: null });
    expect(shown(unnamed, 'credentials')).toMatch(/^✗ credentials +.*HTTP 401/);
  });

  it('fails: CALDAV_HOME is wrong', async () => {
    const results = await setup.check({ CALDAV_HOME: '/homes/{email}/' });
    expect(problemsIn(results)).toEqual(['calendars: failed', selfSigned]);
    expect(shown(results, 'calendars')).toMatch(
      /no calendar under \/homes\/\{email\}\/ that we may write\n.*→ correct CALDAV_HOME/,
    );
    const undiscovered = await setup.check({ CALDAV_HOME: '' });
    expect(shown(undiscovered, 'calendars')).toMatch(/^✗ calendars +.*set CALDAV_HOME/);
  });

  it('fails: a proxy drops If-Match', async () => {
    const proxy = await startProxyWithoutIfMatch(server.url);
    try {
      const results = await setup.check({ CALDAV_URL: proxy.url });
      expect(problemsIn(results)).toEqual(['event: failed', selfSigned]);
      expect(shown(results, 'event')).toMatch(/it ignores If-Match\)\n.*→ let the proxy/);
      expect(await eventsOf(server)).toEqual([]);
    } finally {
      proxy.close();
    }
  });

  it('fails: the clock is wrong', async () => {
    const results = await setup.check({}, { now: () => Date.now() + 7 * 60_000 });
    expect(problemsIn(results)).toEqual(['clock: failed', selfSigned]);
    expect(shown(results, 'clock')).toMatch(/4\d\d s ahead of the CalDAV server\n.*→ set the clock by NTP/);
  });

  it('fails: the relay is down, or refuses the mail', async () => {
    const away = await setup.check({ SMTP_URL: `smtp://127.0.0.1:${await freePort()}` });
    expect(problemsIn(away)).toEqual(['submission: failed', selfSigned]);
    const refusing = await startCatcher({ rcpt: () => '550 5.7.1 no relaying for you' });
    const results = await setup.check({ SMTP_URL: refusing.smtpUrl }, { sendTo: 'admin@remote.test' });
    await refusing.stop();
    expect(problemsIn(results)).toEqual(['mail: failed', selfSigned]);
    expect(shown(results, 'mail')).toContain('550 5.7.1 no relaying for you');
  });

  it('fails: DNS records for our mail are missing', async () => {
    const { zone } = setup.dns;
    const before = { ...zone };
    delete zone['s1._domainkey.example.com'];
    zone['reply.example.com'] = { TXT: ['v=spf1 mx -all', 'v=spf1 a -all'] };
    const results = await setup.check({ BOUNCE_DOMAIN: 'bounces.test' });
    Object.assign(zone, before);
    expect(problemsIn(results)).toEqual(['SPF: failed', 'DKIM: failed', 'reply MX: failed', 'bounce MX: failed']);
    expect(shown(results, 'SPF')).toMatch(/bounces\.test.* has no SPF record\n.*→ bounces\.test\. TXT "v=spf1 a:/);
    expect(shown(results, 'DKIM')).toMatch(/→ s1\._domainkey\.example\.com\. TXT "v=DKIM1; k=rsa; p=MII/);
    expect(shown(results, 'reply MX')).toMatch(
      /has no MX record\n.*\n.*→ reply\.example\.com\. MX 10 gateway\.example\.com\./,
    );
  });

  it('fails: the gateway behind the MX has other secrets', async () => {
    const gateway = await startGateway(requireConfig(setup.environment), openLog('silent'));
    try {
      const results = await setup.check({ GATEWAY_SECRETS: makeSecret() });
      expect(problemsIn(results)).toEqual(['smtp: failed', 'reply MX: failed']);
      expect(shown(results, 'reply MX')).toMatch(/refuses an address that we signed: 550/);
    } finally {
      await gateway.stop();
    }
  });

  it('fails: the certificate is for another name', async () => {
    writeCertificate(setup.folder, 'other.example.com');
    const wrong = (name: string) => join(setup.folder, `other.example.com.${name}`);
    const results = await setup.check({ SMTP_TLS_CERT: wrong('cert'), SMTP_TLS_KEY: wrong('key') });
    expect(problemsIn(results)).toEqual(['certificate: failed', selfSigned]);
    expect(shown(results, 'certificate')).toMatch(
      /is for other\.example\.com, not for gateway\.example\.com\n.*→ get a certificate/,
    );
  });
});

describe.skipIf(unavailable)('the command imip-gateway check', () => {
  let server: CalendarServer;
  let setup: WorkingSetup;
  beforeAll(async () => {
    server = await startRadicale();
    setup = await startWorkingSetup(server);
  });
  afterAll(async () => {
    await setup?.stop();
    await server?.stop();
  });

  /** Without a reply domain: its MX would have to listen on port 25. */
  async function run(settings: Record<string, string>, ...args: string[]) {
    const env = { ...setup.environment, REPLY_DOMAIN: '', BOUNCE_DOMAIN: '', ...settings };
    const command = [cli, 'check', '--organizer', 'alice@example.com', ...args];
    return promisify(execFile)(process.execPath, ['--import', 'tsx', ...command], {
      env: { PATH: process.env['PATH'] ?? '', REPLY_RECIPIENTS: '@example.com', ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  }

  it('ends with 0 if no check fails', async () => {
    setup.dns.zone['example.com'] = { TXT: ['v=spf1 mx -all'] };
    const { code, stdout } = await run({});
    expect(stdout).toMatch(/^✓ event +an event of alice@example\.com was created/m);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^No check failed: /);
    expect(code).toBe(0);
  }, 60_000);

  it('ends with 1 if one fails, and prints JSON', async () => {
    const { code, stdout } = await run({ CALDAV_PASSWORD: 'wrong' }, '--json');
    const { ok, results } = JSON.parse(stdout) as { ok: boolean; results: CheckResult[] };
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(results.find(({ name }) => name === 'credentials')).toMatchObject({
      status: 'failed',
      todo: [expect.any(String)],
    });
    expect(stdout).not.toContain(setup.environment['GATEWAY_SECRETS'] ?? '');
  }, 60_000);
});

async function eventsOf(server: CalendarServer): Promise<string[]> {
  const { username, password } = server.users.alice;
  const answer = await request(new URL(server.users.alice.calendar, server.url), {
    method: 'PROPFIND' as 'GET',
    headers: { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`, Depth: '1' },
  });
  return [...(await answer.body.text()).matchAll(/<href>([^<]*\.ics)<\/href>/g)].map(([, href]) => href ?? '');
}

/** Forwards everything but If-Match, as some proxies do. */
async function startProxyWithoutIfMatch(target: string): Promise<{ url: string; close(): void }> {
  const proxy: Server = createServer((incoming, outgoing) => {
    const { 'if-match': _ifMatch, host: _host, connection: _connection, ...headers } = incoming.headers;
    const options = { method: incoming.method as 'GET', headers, body: incoming.method === 'GET' ? null : incoming };
    request(new URL(incoming.url ?? '/', target), options).then(
      ({ statusCode, headers: answered, body }) => {
        outgoing.writeHead(statusCode, answered);
        body.pipe(outgoing);
      },
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
