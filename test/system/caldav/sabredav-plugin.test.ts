// The SabreDAV plugin, run by PHP, against a simple HTTP server and against the gateway.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedCaldav, startEmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { CALLBACK_KEY, type Loop, startLoop, withMethod } from '../../harness/loop.ts';
import { freePort } from '../../harness/free-port.ts';
import { lacks } from '../requirements.ts';

const plugin = fileURLToPath(new URL('../../../plugins/sabredav/ImipGatewayPlugin.php', import.meta.url));
const script = fileURLToPath(new URL('run-plugin.php', import.meta.url));
const unavailable = lacks('sabredav');

interface Given {
  readonly settings: string | readonly [string, string];
  readonly messages?: readonly Record<string, unknown>[];
}

interface Said {
  readonly statuses: readonly string[];
  readonly fault?: string;
  readonly name: string;
  /** The log of the plugin. */
  readonly log: string;
}

function runPlugin({ settings, messages = [] }: Given): Promise<Said> {
  return new Promise((resolve, reject) => {
    const php = spawn('php', ['-d', 'log_errors=1', '-d', 'error_log=', script]);
    let [out, log] = ['', ''];
    php.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    php.stderr.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    php.on('error', reject);
    php.on('close', () => {
      try {
        resolve({ statuses: [], name: '', ...(JSON.parse(out) as object), log });
      } catch (cause) {
        reject(new Error(`PHP said: ${out}${log}`, { cause }));
      }
    });
    php.stdin.end(JSON.stringify({ settings, messages }));
  });
}

const calendar = withMethod(
  meeting({ uid: 'plugin@example.com', organizer: 'alice@example.com', attendees: [{ email: 'bob@remote.test' }] }),
  'REQUEST',
);
const request = {
  uid: 'plugin@example.com',
  method: 'REQUEST',
  sender: 'mailto:alice@example.com',
  recipient: 'mailto:bob@remote.test',
  message: calendar,
};

describe.skipIf(unavailable)('the SabreDAV plugin', () => {
  const seen: { headers: IncomingMessage['headers']; url: string; body: string }[] = [];
  let answer: { status: number; headers?: Record<string, string> } | 'hang';
  let url: string;
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    incoming.on('end', () => {
      seen.push({ headers: incoming.headers, url: incoming.url ?? '', body });
      if (answer === 'hang') return;
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end('a sentence\n');
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen.length = 0;
    answer = { status: 200 };
  });
  const send = (...messages: Record<string, unknown>[]) =>
    runPlugin({ settings: [`${url}/`, 'key-1'], messages: messages.map((one) => ({ ...request, ...one })) });

  it('is valid PHP', async () => {
    for (const file of [plugin, script]) {
      expect((await promisify(execFile)('php', ['-l', file])).stdout).toContain('No syntax errors');
    }
  });

  it('posts each message once, in the form of the callback', async () => {
    const { statuses, name } = await send({}, { recipient: 'mailto:carol@remote.test' });
    expect(name).toBe('imip-gateway');
    expect(statuses).toEqual(['1.1', '1.1']);
    expect(seen.map(({ headers }) => headers['x-caldav-recipient'])).toEqual([
      'mailto:bob@remote.test',
      'mailto:carol@remote.test',
    ]);
    expect(seen[0]?.url).toBe('/api/v1.0/caldav-scheduling-callback/');
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'text/calendar; charset=utf-8',
      'x-api-key': 'key-1',
      'x-caldav-sender': 'mailto:alice@example.com',
      'x-caldav-method': 'REQUEST',
    });
    expect(seen[0]?.body).toContain('METHOD:REQUEST\r\n');
    expect(seen[0]?.body).toContain('UID:plugin@example.com\r\n');
  });

  it.each(['/dav/principals/alice/', 'http://127.0.0.1/dav/principals/alice', '/dav/principals/%61lice/'])(
    'posts for an organizer whom the client names by the principal %s',
    async (sender) => {
      expect((await send({ sender })).statuses).toEqual(['1.1']);
      expect(seen[0]?.headers['x-caldav-sender']).toBe('mailto:alice@example.com');
    },
  );

  it.each(['/dav/principals/room/', '/dav/principals/nobody/', '/principals/alice/', 'urn:uuid:1', 'mailto:', ''])(
    'posts nothing for an organizer without a mail address: %s',
    async (sender) => {
      expect((await send({ sender })).statuses).toEqual(['3.7']);
      expect(seen).toEqual([]);
    },
  );

  it.each([
    [200, '1.1'],
    [400, '5.1'],
    [401, '5.1'],
    [413, '5.1'],
    [302, '5.1'],
    [500, '5.2'],
    [503, '5.2'],
  ])('says of an answer of %i: %s', async (status, expected) => {
    answer = { status, headers: { Location: `${url}/elsewhere` } };
    const { statuses, log } = await send({});
    expect(statuses).toEqual([expected]);
    expect(seen).toHaveLength(1);
    if (status !== 200) expect(log).toContain(`HTTP ${status}`);
    expect(log).not.toContain('key-1');
  });

  it('reports that the gateway is down, and connects once for all recipients', async () => {
    const away: Given = {
      settings: [`http://127.0.0.1:${await freePort()}`, 'key-1'],
      messages: [request, { ...request, recipient: 'mailto:carol@remote.test' }],
    };
    const { statuses, log } = await runPlugin(away);
    expect(statuses).toEqual(['5.2', '5.2']);
    expect(log.match(/failed/g)).toHaveLength(1);
  });

  it('waits five seconds for a response, for all recipients together', async () => {
    answer = 'hang';
    const start = performance.now();
    const recipients = Array.from({ length: 20 }, (_, index) => ({ recipient: `mailto:guest${index}@remote.test` }));
    const { statuses } = await send(...recipients);
    expect(new Set(statuses)).toEqual(new Set(['5.2']));
    expect(performance.now() - start).toBeLessThan(9_000);
    expect(seen).toHaveLength(1);
  }, 20_000);

  it.each([
    ['an insignificant change', { significantChange: false }, '3.7'],
    ['somebody of this server', { recipient: 'mailto:bob@example.com' }, '1.2'],
    ['an attendee without a mail address', { recipient: 'https://example.com/room' }, '3.7'],
    ['an organizer without a mail address', { sender: '/principals/alice/' }, '3.7'],
    ['an address with a line break', { recipient: 'mailto:bob@remote.test\r\nX-Api-Key: other' }, '3.7'],
    ['an address with one at its end', { recipient: 'mailto:bob@remote.test\n' }, '3.7'],
  ])('posts nothing for %s', async (_what, message, expected) => {
    expect((await send(message)).statuses).toEqual([expected]);
    expect(seen).toEqual([]);
  });

  it('reads its settings from a file, and reports invalid ones', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
    const file = join(folder, 'gateway.ini');
    await writeFile(file, `; the gateway\nurl = ${url}\nkey = k(1)!$2\n`);
    expect((await runPlugin({ settings: file, messages: [request] })).statuses).toEqual(['1.1']);
    expect(seen[0]?.headers['x-api-key']).toBe('k(1)!$2');
    await writeFile(file, `url = ${url}\n`);
    expect((await runPlugin({ settings: file })).fault).toContain('lacks url or key');
    expect((await runPlugin({ settings: join(folder, 'none.ini') })).fault).toContain('cannot be read');
    await rm(folder, { recursive: true });
  });

  it.each([
    [['file:///etc/passwd', 'key'], 'not an http or https'],
    [['gateway.example.com', 'key'], 'not an http or https'],
    [['https://gateway.example.com', ''], 'key is missing'],
    [['https://gateway.example.com', 'key\r\nX-CalDAV-Sender: mailto:eve@example.com'], 'key is missing'],
  ] as const)('does not start with %j', async (settings, fault) => {
    expect((await runPlugin({ settings })).fault).toContain(fault);
  });
});

describe.skipIf(unavailable)('the SabreDAV plugin and the gateway', () => {
  let caldav: EmbeddedCaldav;
  let loop: Loop;
  beforeAll(async () => {
    caldav = await startEmbeddedCaldav();
    const server = { url: caldav.url, service: caldav.service, home: '/calendars/{email}/' } as CalendarServer;
    loop = await startLoop(server);
  });
  afterAll(async () => {
    await loop?.stop();
    await caldav?.close();
  });

  it('invites by mail', async () => {
    const { statuses } = await runPlugin({ settings: [loop.httpUrl, CALLBACK_KEY], messages: [request] });
    expect(statuses).toEqual(['1.1']);
    const invited = await loop.invitation('bob@remote.test', 'plugin@example.com');
    expect(invited.calendar).toContain('METHOD:REQUEST');
  });

  it('is refused with another key, or for a recipient who is not in the calendar', async () => {
    expect((await runPlugin({ settings: [loop.httpUrl, 'wrong'], messages: [request] })).statuses).toEqual(['5.1']);
    const stranger = { ...request, recipient: 'mailto:eve@remote.test' };
    const { statuses } = await runPlugin({ settings: [loop.httpUrl, CALLBACK_KEY], messages: [stranger] });
    expect(statuses).toEqual(['5.1']);
  });
});
