// The whole check on a healthy set-up and on broken ones, in front of a real Radicale.
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
import { sayLink, sayVerdict } from '../../../src/app/check/say-links.ts';
import type { Link } from '../../../src/app/check/types.ts';
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
import { type Chain, startChain, troubles } from '../../app/check/chain.ts';

const cli = fileURLToPath(new URL('../../../src/app/cli/cli.ts', import.meta.url));
const unavailable = lacks('radicale');
/** Its certificate is self-signed, which no test can make trusted. */
const selfSigned = 'reply MX: attention';

describe.skipIf(unavailable)('imip-gateway check', () => {
  let server: CalendarServer;
  let chain: Chain;

  beforeAll(async () => {
    server = await startRadicale();
    chain = await startChain(server);
  });
  afterAll(async () => {
    await chain?.stop();
    await server?.stop();
  });

  const said = (links: ReadonlyMap<string, Link>, name: string): string => {
    const link = links.get(name);
    return link === undefined ? `no link ${name}` : sayLink(link);
  };

  it('finds nothing wrong with a healthy set-up, sends a mail, and leaves no event behind', async () => {
    const links = await chain.check({}, { sendTo: 'admin@remote.test' });
    expect(troubles(links)).toEqual([selfSigned]);
    expect([...links.keys()]).toEqual([
      'settings',
      'database',
      'secrets',
      'caldav',
      'credentials',
      'calendars',
      'event',
      'clock',
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
    expect(said(links, 'event')).toMatch(
      /^✓ event +an event of alice@example\.com was made, found, changed under If-Match/,
    );
    expect(said(links, 'DMARC')).toContain('p=reject; From aligns by SPF (reply.example.com) and DKIM (example.com)');
    expect(said(links, 'reply MX')).toMatch(/mail reaches this gateway; its certificate is not to be trusted/);
    const mail = await chain.relay.waitFor(({ to }) => to[0] === 'admin@remote.test');
    expect(mail.from).toMatch(/^b1\w+-[a-z2-7]{26}-[a-z2-7]{26}@reply\.example\.com$/);
    expect(mail.raw).toMatch(/^DKIM-Signature: .*d=example\.com/m);
    expect(await eventsOf(server)).toEqual([]);
    expect(sayVerdict([...links.values()])).toMatch(/^The chain holds: 15 ok, 1 to know about, 2 not tried\.$/);
  });

  it('checks beside the running gateway, and puts off no mail of it', async () => {
    const gateway = await startGateway(requireConfig(chain.environment), openLog('silent'));
    try {
      const links = await chain.check();
      expect(troubles(links)).toEqual([selfSigned]);
      expect(said(links, 'smtp')).toMatch(/^✓ smtp +what listens on .* takes what we sign and refuses the rest/);
      expect(said(links, 'pages')).toMatch(/^✓ pages +http:\/\/127\.0\.0\.1:\d+ leads to the gateway/);
    } finally {
      await gateway.stop();
    }
  });

  it('says less without an organizer, and nothing wrong', async () => {
    const links = await chain.check({}, { organizer: null });
    expect(troubles(links)).toEqual([selfSigned]);
    expect(said(links, 'credentials')).toMatch(/^✓ credentials +the server lets svc in/);
    expect(said(links, 'event')).toMatch(/^– event +name an organizer: --organizer/);
  });

  it('goes on with the other links where the database breaks under it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imip-check-broken-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'gateway.db');
    await (await openSpool({ url: `sqlite:${file}` })).spool.close();
    const database = new DatabaseSync(file);
    database.exec('drop table entry');
    database.close();
    const links = await chain.check({ DATABASE_URL: `sqlite:${file}` }, { organizer: null });
    expect(said(links, 'secrets')).toMatch(/no such table: entry/);
    expect([...links.keys()]).toEqual(expect.arrayContaining(['clock', 'submission', 'pages']));
  });

  it('broken: settings', async () => {
    const links = await chain.check({ SMTP_LISTEN: 'here', CALDAV_AUTH: 'magic' });
    expect([...links.keys()]).toEqual(['settings']);
    expect(said(links, 'settings')).toMatch(
      /^✗ settings +2 settings cannot be used\n.*→ SMTP_LISTEN must be .*\n.*→ CALDAV_AUTH/,
    );
  });

  it('broken: the CalDAV server is away', async () => {
    const links = await chain.check({ CALDAV_URL: `http://127.0.0.1:${await freePort()}/` });
    expect(troubles(links)).toEqual(['caldav: failed', 'clock: attention', selfSigned]);
    expect(said(links, 'caldav')).toMatch(/ECONNREFUSED.*\n.*→ start the CalDAV server, or set CALDAV_URL/);
  });

  it('broken: the password of the CalDAV account', async () => {
    const links = await chain.check({ CALDAV_PASSWORD: 'wrong' });
    expect(troubles(links)).toEqual(['credentials: failed', selfSigned]);
    expect(said(links, 'credentials')).toMatch(/HTTP 401\n.*→ set CALDAV_USERNAME and CALDAV_PASSWORD/);
    const unnamed = await chain.check({ CALDAV_PASSWORD: 'wrong' }, { organizer: null });
    expect(said(unnamed, 'credentials')).toMatch(/^✗ credentials +.*HTTP 401/);
  });

  it('broken: where the calendars are', async () => {
    const links = await chain.check({ CALDAV_HOME: '/homes/{email}/' });
    expect(troubles(links)).toEqual(['calendars: failed', selfSigned]);
    expect(said(links, 'calendars')).toMatch(
      /no calendar under \/homes\/\{email\}\/ that we may write\n.*→ mend CALDAV_HOME/,
    );
    const undiscovered = await chain.check({ CALDAV_HOME: '' });
    expect(said(undiscovered, 'calendars')).toMatch(/^✗ calendars +.*set CALDAV_HOME/);
  });

  it('broken: a proxy that drops If-Match', async () => {
    const proxy = await startCarelessProxy(server.url);
    try {
      const links = await chain.check({ CALDAV_URL: proxy.url });
      expect(troubles(links)).toEqual(['event: failed', selfSigned]);
      expect(said(links, 'event')).toMatch(/If-Match is ignored\)\n.*→ look at the proxy/);
      expect(await eventsOf(server)).toEqual([]);
    } finally {
      proxy.close();
    }
  });

  it('broken: the clock', async () => {
    const links = await chain.check({}, { now: () => Date.now() + 7 * 60_000 });
    expect(troubles(links)).toEqual(['clock: failed', selfSigned]);
    expect(said(links, 'clock')).toMatch(/4\d\d s ahead of the CalDAV server's\n.*→ let NTP/);
  });

  it('broken: the relay', async () => {
    const away = await chain.check({ SMTP_URL: `smtp://127.0.0.1:${await freePort()}` });
    expect(troubles(away)).toEqual(['submission: failed', selfSigned]);
    const refusing = await startCatcher({ rcpt: () => '550 5.7.1 no relaying for you' });
    const links = await chain.check({ SMTP_URL: refusing.smtpUrl }, { sendTo: 'admin@remote.test' });
    await refusing.stop();
    expect(troubles(links)).toEqual(['mail: failed', selfSigned]);
    expect(said(links, 'mail')).toContain('550 5.7.1 no relaying for you');
  });

  it('broken: what DNS says of our mail', async () => {
    const { zone } = chain.dns;
    const before = { ...zone };
    delete zone['s1._domainkey.example.com'];
    zone['reply.example.com'] = { TXT: ['v=spf1 mx -all', 'v=spf1 a -all'] };
    const links = await chain.check({ BOUNCE_DOMAIN: 'bounces.test' });
    Object.assign(zone, before);
    expect(troubles(links)).toEqual(['SPF: failed', 'DKIM: failed', 'reply MX: failed', 'bounce MX: failed']);
    expect(said(links, 'SPF')).toMatch(/bounces\.test.* has no SPF record\n.*→ bounces\.test\. TXT "v=spf1 a:/);
    expect(said(links, 'DKIM')).toMatch(/→ s1\._domainkey\.example\.com\. TXT "v=DKIM1; k=rsa; p=MII/);
    expect(said(links, 'reply MX')).toMatch(
      /has no MX record\n.*\n.*→ reply\.example\.com\. MX 10 gateway\.example\.com\./,
    );
  });

  it('broken: the gateway behind the MX has other secrets', async () => {
    const gateway = await startGateway(requireConfig(chain.environment), openLog('silent'));
    try {
      const links = await chain.check({ GATEWAY_SECRETS: makeSecret() });
      expect(troubles(links)).toEqual(['smtp: failed', 'reply MX: failed']);
      expect(said(links, 'reply MX')).toMatch(/refuses an address that we signed: 550/);
    } finally {
      await gateway.stop();
    }
  });

  it('broken: the certificate', async () => {
    writeCertificate(chain.folder, 'other.example.com');
    const wrong = (name: string) => join(chain.folder, `other.example.com.${name}`);
    const links = await chain.check({ SMTP_TLS_CERT: wrong('cert'), SMTP_TLS_KEY: wrong('key') });
    expect(troubles(links)).toEqual(['certificate: failed', selfSigned]);
    expect(said(links, 'certificate')).toMatch(
      /is for other\.example\.com, not for gateway\.example\.com\n.*→ get one/,
    );
  });
});

describe.skipIf(unavailable)('imip-gateway check, as a command', () => {
  let server: CalendarServer;
  let chain: Chain;
  beforeAll(async () => {
    server = await startRadicale();
    chain = await startChain(server);
  });
  afterAll(async () => {
    await chain?.stop();
    await server?.stop();
  });

  /** Without a reply domain: its MX would have to listen on port 25. */
  async function run(settings: Record<string, string>, ...args: string[]) {
    const env = { ...chain.environment, REPLY_DOMAIN: '', BOUNCE_DOMAIN: '', ...settings };
    const command = [cli, 'check', '--organizer', 'alice@example.com', ...args];
    return promisify(execFile)(process.execPath, ['--import', 'tsx', ...command], {
      env: { PATH: process.env['PATH'] ?? '', REPLY_RECIPIENTS: '@example.com', ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  }

  it('ends with 0 where the chain holds', async () => {
    chain.dns.zone['example.com'] = { TXT: ['v=spf1 mx -all'] };
    const { code, stdout } = await run({});
    expect(stdout).toMatch(/^✓ event +an event of alice@example\.com was made/m);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^The chain holds: /);
    expect(code).toBe(0);
  }, 60_000);

  it('ends with 1 where it does not, and says so in JSON', async () => {
    const { code, stdout } = await run({ CALDAV_PASSWORD: 'wrong' }, '--json');
    const { ok, links } = JSON.parse(stdout) as { ok: boolean; links: Link[] };
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(links.find(({ name }) => name === 'credentials')).toMatchObject({
      status: 'failed',
      todo: [expect.any(String)],
    });
    expect(stdout).not.toContain(chain.environment['GATEWAY_SECRETS'] ?? '');
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

/** Passes everything on but conditions, as some do. */
async function startCarelessProxy(target: string): Promise<{ url: string; close(): void }> {
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
