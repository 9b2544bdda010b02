// The command line as an operator uses it: the built program in its own processes.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { type BuiltGateway, buildGateway } from '../../harness/gateway-process.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

let built: BuiltGateway;
beforeAll(() => {
  built = buildGateway();
});
afterAll(() => built.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Lines of the log, which are JSON. */
function linesOf(output: string): { msg: string }[] {
  return output.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []));
}

async function imip(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd: root, env: { PATH: process.env['PATH'] ?? '', ...env } };
  return run(process.execPath, [built.cli, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

// A process starts within a second, or within ten on a busy machine.
describe('imip-gateway', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imip-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('makes a different secret each time', async () => {
    const { stdout } = await imip(['secret']);
    expect(stdout).toMatch(/^[a-z0-9]{1,8}:[A-Za-z0-9+/]{43}=\n$/);
    expect((await imip(['secret'])).stdout).not.toBe(stdout);
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await imip(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('names every invalid setting and ends with 1', async () => {
    const { code, stderr, stdout } = await imip(['serve'], { HTTP_LISTEN: 'nowhere', SENDER_POLICY: 'lax' });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^imip-gateway: Invalid configuration:\n/);
    for (const name of ['GATEWAY_SECRETS', 'HTTP_LISTEN', 'SENDER_POLICY']) expect(stderr).toContain(`\n  ${name} `);
  });

  it.each([
    ['HTTP_LISTEN', 'nowhere.invalid:0'],
    ['SMTP_LISTEN', '192.0.2.1:2525'],
    ['LMTP_LISTEN', '192.0.2.1:2424'],
    ['METRICS_LISTEN', '192.0.2.1:9090'],
  ])('names %s if it cannot listen on %s', async (name, value) => {
    const { code, stdout, stderr } = await imip(['serve'], {
      GATEWAY_SECRETS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
      DATABASE_URL: `sqlite:${join(folder, `${name}.db`)}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: '127.0.0.1:0',
      [name]: value,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`${name}: cannot listen on ${value}: `);
    expect(stderr).not.toContain('    at ');
    const logged = linesOf(stdout).filter(({ msg }) => msg.startsWith('gateway'));
    expect(logged).toMatchObject([
      { msg: 'gateway could not start', exitStatus: 1, error: expect.stringContaining(`cannot listen on ${value}`) },
    ]);
    expect(stdout).not.toContain('"stack"');
  });

  it('names every setting whose file cannot be used, before it opens anything', async () => {
    const database = join(folder, 'never', 'gateway.db');
    const missing = join(folder, 'missing');
    const { code, stderr } = await imip(['serve'], {
      GATEWAY_SECRETS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      DATABASE_URL: `sqlite:${database}`,
      CALDAV_AUTH: `accounts:${missing}`,
      TEMPLATES_DIR: missing,
      SMTP_TLS_CERT: missing,
      SMTP_TLS_KEY: missing,
      DKIM_DOMAIN: 'example.com',
      DKIM_SELECTOR: 's1',
      DKIM_KEY: missing,
    });
    expect(code).toBe(1);
    const named = stderr.split('\n').flatMap((line) => /^ {2}([A-Z_]+)/.exec(line)?.[1] ?? []);
    expect(named.toSorted()).toEqual(['CALDAV_AUTH', 'DKIM_KEY', 'SMTP_TLS_CERT', 'TEMPLATES_DIR']);
    expect(existsSync(database)).toBe(false);
  });

  it.each([
    [['playground', '--port', 'abc'], '--port must be a number'],
    [['playground', '--port', '70000'], '--port must be a number'],
    [['queue', 'list', '--limit', 'few'], '--limit must be a number'],
    [['playground'], 'LOG_LEVEL must be one of', { LOG_LEVEL: 'loud' }],
  ])('refuses %j in one line', async (args, message, env: Record<string, string> = {}) => {
    const { code, stderr } = await imip(args, env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^imip-gateway: .*\n$/);
    expect(stderr).toContain(message);
  });

  it('shows how it reads a mail', async () => {
    const { code, stdout } = await imip(['inspect', 'fixtures/mail/outlook-desktop-accepted.eml']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ACCEPTED/);
    const missing = await imip(['inspect', 'no-such.eml']);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no-such.eml') });
  });

  it('shows and changes the queues beside a gateway, with JSON and an exit status', async () => {
    const url = `sqlite:${join(folder, 'queue', 'gateway.db')}`;
    const { spool } = await openSpool({ url });
    const owner = calendarAddress('alice@example.com') ?? { key: '', asWritten: '' };
    const origin = { recordId: 'cli', door: 'gateway', messageId: null };
    const body = { kind: 'verify', origin, owner, uid: 'cli@example.com', round: 0 } as const;
    await spool.put([recordTask(body, { id: 'cli', createdAt: Date.now() })]);
    const queue = (...args: string[]): Promise<Ended> => imip(['queue', ...args], { DATABASE_URL: url });
    const [listed, inFull] = await Promise.all([queue('list', '--json'), queue('show', 'cli', '--json')]);
    expect(JSON.parse(listed.stdout)).toMatchObject({ tasks: [{ id: 'cli', state: 'waiting' }] });
    expect(JSON.parse(inFull.stdout)).toMatchObject({ id: 'cli', body: { kind: 'verify' }, ledger: [] });
    const [held, wrong, shown, filter] = await Promise.all([
      queue('hold', 'cli'),
      queue('drop', 'none', '--json'),
      queue('show', 'none'),
      queue('list', '--state', 'odd'),
    ]);
    expect(held).toMatchObject({ code: 0, stdout: 'cli: held\n' });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout)).toEqual([{ id: 'none', result: 'unknown' }]);
    expect(shown).toMatchObject({ code: 1, stderr: 'imip-gateway: no task has the id none\n' });
    expect(filter.code).toBe(1);
    await spool.close();
  });

  describe('serve', () => {
    let gateway: ChildProcess;
    let listening: { http: string; smtp: string; lmtp: string | null };
    let output = '';
    const env = () => ({
      PATH: process.env['PATH'] ?? '',
      GATEWAY_SECRETS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      DATABASE_URL: `sqlite:${join(folder, 'serve', 'gateway.db')}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: '127.0.0.1:0',
      LMTP_LISTEN: '127.0.0.1:0',
      REPLY_DOMAIN: 'reply.example.com',
      CALDAV_URL: 'http://127.0.0.1:1/',
      SMTP_URL: 'smtp://127.0.0.1:1',
      CALDAV_INBOUND_API_KEY: 'key',
      CALDAV_OUTBOUND_API_KEY: 'key',
    });

    beforeAll(async () => {
      gateway = spawn(process.execPath, [built.cli, 'serve'], { cwd: root, env: env() });
      listening = await new Promise((resolve, reject) => {
        gateway.stdout?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const line = output.split('\n').find((each) => each.includes('"msg":"listening"') && each.endsWith('}'));
          if (line !== undefined) resolve(JSON.parse(line));
        });
        gateway.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${output}`)));
      });
    });
    afterAll(() => gateway.kill('SIGKILL'));

    it('logs its listeners, and is healthy and ready', async () => {
      expect(listening).toMatchObject({
        http: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        smtp: expect.any(String),
        lmtp: expect.any(String),
      });
      expect((await fetch(`http://${listening.http}/healthz`)).status).toBe(200);
      const ready = await fetch(`http://${listening.http}/readyz`);
      expect(ready.status).toBe(200);
    });

    it('refuses a second gateway on its database', async () => {
      const second = await imip(['serve'], env());
      expect(second.code).toBe(1);
      expect(second.stderr).toMatch(/another gateway/);
    });

    it('explains what happened, while it runs', async () => {
      const calendar = [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'METHOD:REQUEST',
        'BEGIN:VEVENT',
        'UID:why@example.com',
        'DTSTAMP:20270101T000000Z',
        'DTSTART:20270301T100000Z',
        'SUMMARY:Why',
        'ORGANIZER:mailto:alice@example.com',
        'ATTENDEE;SCHEDULE-AGENT=NONE:mailto:bob@remote.test',
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n');
      const headers = {
        'X-Api-Key': 'key',
        'X-CalDAV-Sender': 'mailto:alice@example.com',
        'X-CalDAV-Recipient': 'mailto:bob@remote.test',
        'X-CalDAV-Method': 'REQUEST',
        'Content-Type': 'text/calendar',
      };
      const answer = await fetch(`http://${listening.http}/api/v1.0/caldav-scheduling-callback`, {
        method: 'POST',
        headers,
        body: calendar,
      });
      expect([answer.status, await answer.text()]).toEqual([200, 'OK\n']);
      await expect
        .poll(async () => (await imip(['why', 'why@example.com'], env())).stdout, { timeout: 40_000 })
        .toMatch(/not-mailed: schedule-agent/);
      expect((await imip(['why', 'bob@remote.test'], env())).stdout).toContain('why@example.com');
      const json = await imip(['why', 'why@example.com', '--json'], env());
      expect(json.code).toBe(0);
      expect(JSON.parse(json.stdout)).toMatchObject([
        { at: expect.stringMatching(/^\d{4}-.*Z$/), uid: 'why@example.com', reason: 'schedule-agent' },
      ]);
    });

    it('ends with 1 if the ledger has no entry', async () => {
      const unknown = await imip(['why', 'nobody@example.com'], env());
      expect(unknown).toMatchObject({ code: 1, stdout: '' });
      expect(unknown.stderr).toMatch(/^imip-gateway: the ledger has no entry about nobody@example\.com: .*\n$/);
      expect(await imip(['why', 'nobody@example.com', '--json'], env())).toEqual({
        code: 1,
        stdout: '[]\n',
        stderr: '',
      });
    });

    it('closes its doors on SIGTERM, ends with 0 and logs both', async () => {
      const ended = new Promise<number | null>((resolve) => gateway.once('exit', resolve));
      gateway.kill('SIGTERM');
      expect(await ended).toBe(0);
      const [started, stopping, stopped, ...rest] = linesOf(output).filter(({ msg }) => msg.startsWith('gateway'));
      expect(started).toMatchObject({
        msg: 'gateway started',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        node: process.version,
        callbackUrl: 'http://localhost:8080/api/v1.0/caldav-scheduling-callback/',
      });
      expect([stopping, stopped]).toMatchObject([
        { msg: 'gateway stopping', signal: 'SIGTERM' },
        { msg: 'gateway stopped', exitStatus: 0 },
      ]);
      expect(rest).toEqual([]);
      const [host, port] = listening.smtp.split(':');
      const refused = await new Promise<string | undefined>((resolve) =>
        connect(Number(port), host ?? '').once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
      );
      expect(refused).toBe('ECONNREFUSED');
    });
  });
});
