// Submission to a real SMTP server (smtp-server), and to a scripted one that refuses, defers, disconnects or does not reply.
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { authenticate } from 'mailauth';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { openSubmission, type SubmissionOptions } from '../../../src/adapters/submission/open-submission.ts';
import type { OutgoingMail, Submission } from '../../../src/flow/ports/submission.ts';

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly args: unknown;
  readonly hello: string;
  readonly secure: boolean;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function startPeer(options: SMTPServerOptions = {}): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((one) => one.address),
          raw: Buffer.concat(chunks).toString('utf8'),
          args: mailFrom === false ? false : mailFrom.args,
          hello: session.hostNameAppearsAs,
          secure: session.secure,
        });
        callback(null, '2.0.0 Ok: queued as 4XyZ');
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: portOf(server.server), received };
}

const disconnect = 'DISCONNECT';
const noReply = 'NO REPLY';

/** A server that sends one of these replies for each line that it receives, and then `250 ok` for every line. */
async function startScript(replies: readonly string[]): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const left = [...replies];
    let inData = false;
    const reply = (): void => {
      const next = left.shift() ?? '250 ok';
      inData = next.startsWith('354');
      if (next === disconnect) socket.destroy();
      else if (next !== noReply) socket.write(`${next}\r\n`);
    };
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) if (!inData || line === '.') reply();
    });
    reply();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return portOf(server);
}

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function submission(port: number, options: Partial<SubmissionOptions> = {}): Submission {
  const made = openSubmission({
    url: `smtp://127.0.0.1:${port}`,
    hostname: 'gateway.example.com',
    dkim: null,
    timeoutMs: 1_000,
    ...options,
  });
  open.push(() => made.close());
  return made;
}

function mail(changes: Partial<OutgoingMail> = {}): OutgoingMail {
  const raw = [
    'From: Alice <reply@reply.example.com>',
    'To: guest@remote.test',
    'Subject: =?utf-8?Q?Planning_=C3=A9?=',
    'Message-ID: <one@example.com>',
    'Date: Mon, 01 Mar 2027 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    '.A line that begins with a dot',
    '',
  ].join('\r\n');
  return {
    messageId: '<one@example.com>',
    mailFrom: 'b1-bounce@reply.example.com',
    rcptTo: 'guest@remote.test',
    raw: Buffer.from(raw),
    ...changes,
  };
}

describe('openSubmission', () => {
  it('sends exactly the given bytes and envelope', async () => {
    const peer = await startPeer();
    const verdict = await submission(peer.port).submit(mail());
    expect(verdict).toEqual({ kind: 'accepted', response: expect.stringContaining('queued as 4XyZ') });
    expect(peer.received).toEqual([
      {
        from: 'b1-bounce@reply.example.com',
        to: ['guest@remote.test'],
        raw: Buffer.from(mail().raw).toString(),
        args: false,
        hello: 'gateway.example.com',
        secure: false,
      },
    ]);
  });

  it('sends from the null sender, and announces 8-bit text', async () => {
    const peer = await startPeer();
    const raw = Buffer.concat([mail().raw, Buffer.from('é\r\n')]);
    await submission(peer.port).submit(mail({ mailFrom: '', raw }));
    expect(peer.received[0]?.from).toBe('');
    expect(peer.received[0]?.args).toMatchObject({ BODY: '8BITMIME' });
  });

  it('requests SMTPUTF8 if an address needs it', async () => {
    const peer = await startPeer();
    await submission(peer.port).submit(mail({ rcptTo: 'jürgen@remote.test' }));
    expect(peer.received[0]?.to).toEqual(['jürgen@remote.test']);
    expect(peer.received[0]?.args).toMatchObject({ SMTPUTF8: true });
  });

  it('reuses connections for many mails, and sends each mail once', async () => {
    let connections = 0;
    const peer = await startPeer({
      onConnect(_session, callback) {
        connections++;
        callback();
      },
    });
    const out = submission(peer.port);
    const recipients = Array.from({ length: 60 }, (_, index) => `guest${index}@remote.test`);
    await Promise.all(recipients.map((rcptTo) => out.submit(mail({ rcptTo }))));
    expect(peer.received.flatMap((one) => one.to).toSorted()).toEqual(recipients.toSorted());
    expect(connections).toBeLessThanOrEqual(8);
  });

  it('uses STARTTLS with a relay that has a self-signed certificate', async () => {
    const peer = await startPeer({ disabledCommands: ['AUTH'] });
    expect((await submission(peer.port).submit(mail())).kind).toBe('accepted');
    expect(peer.received[0]?.secure).toBe(true);
  });

  it('verifies the certificate of smtps', async () => {
    const peer = await startPeer({ secure: true });
    const out = submission(peer.port, { url: `smtps://127.0.0.1:${peer.port}` });
    await expect(out.submit(mail())).rejects.toMatchObject({ code: 'smtp-unreachable', temporary: true });
    expect(peer.received).toEqual([]);
  });

  it('logs in, and reports a refused login', async () => {
    const peer = await startPeer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, callback) {
        if (username === 'gate way' && password === 'p@ss:/é') callback(null, { user: username });
        else callback(new Error('no'));
      },
    });
    const login = `${encodeURIComponent('gate way')}:${encodeURIComponent('p@ss:/é')}`;
    const good = submission(peer.port, { url: `smtp://${login}@127.0.0.1:${peer.port}` });
    const bad = submission(peer.port, { url: `smtp://gate:wrong@127.0.0.1:${peer.port}` });
    expect((await good.submit(mail())).kind).toBe('accepted');
    await expect(bad.submit(mail())).rejects.toMatchObject({
      code: 'smtp-refused',
      temporary: true,
      message: expect.stringMatching(/user and password in SMTP_URL/),
    });
    await expect(bad.submit(mail())).rejects.not.toThrow(/wrong@/);
  });

  it('signs with DKIM', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const peer = await startPeer();
    const dkim = { domain: 'reply.example.com', selector: 's1', key };
    await submission(peer.port, { dkim }).submit(mail());
    const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
    const resolver = async (name: string, type: string) => {
      if (name === 's1._domainkey.reply.example.com' && type === 'TXT') return [[record]];
      throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
    };
    const checked = await authenticate(peer.received[0]?.raw ?? '', { ip: '192.0.2.1', helo: 'x', resolver });
    expect(checked.dkim.results.map((one) => one.status.result)).toEqual(['pass']);
  });

  it.each([
    ['a recipient that does not exist', ['220 x', '250 x', '250 ok', '550 5.1.1 no such user'], 550],
    ['DATA', ['220 x', '250 x', '250 ok', '250 ok', '554 5.7.1 no'], 554],
    ['the message', ['220 x', '250 x', '250 ok', '250 ok', '354 go', '554 5.7.1 looks like spam'], 554],
    ['the size', ['220 x', '250 x', '552 5.3.4 too large'], 552],
  ])('returns a permanent refusal of %s', async (_what, replies, status) => {
    const port = await startScript(replies);
    expect(await submission(port).submit(mail())).toEqual({ kind: 'refused', status, response: replies.at(-1) });
  });

  it.each([
    ['greeting 4yz', ['421 4.3.2 come back'], 'smtp-unreachable'],
    ['greeting 5yz', ['554 not today'], 'smtp-refused'],
    ['sender deferred', ['220 x', '250 x', '451 4.1.8 later'], 'smtp-refused'],
    ['sender refused', ['220 x', '250 x', '553 5.7.1 not your address'], 'smtp-refused'],
    ['login required', ['220 x', '250 x', '530 5.7.0 Authentication required'], 'smtp-refused'],
    ['recipient greylisted', ['220 x', '250 x', '250 ok', '450 4.2.0 greylisted'], 'smtp-refused'],
    ['disk full', ['220 x', '250 x', '250 ok', '250 ok', '452 4.3.1 no room'], 'smtp-refused'],
    ['message deferred', ['220 x', '250 x', '250 ok', '250 ok', '354 go', '451 4.3.0 later'], 'smtp-refused'],
    ['bad sequence', ['220 x', '250 x', '250 ok', '503 5.5.1 RCPT first'], 'smtp-refused'],
    ['disconnect after DATA', ['220 x', '250 x', '250 ok', '250 ok', '354 go', disconnect], 'smtp-unreachable'],
    ['shutdown after DATA', ['220 x', '250 x', '250 ok', '250 ok', '354 go', '421 4.3.2 bye'], 'smtp-unreachable'],
    ['disconnect at once', [disconnect], 'smtp-unreachable'],
    ['no reply after DATA', ['220 x', '250 x', '250 ok', '250 ok', '354 go', noReply], 'smtp-unreachable'],
    ['no greeting', [noReply], 'smtp-unreachable'],
  ])('throws a temporary error: %s', async (_what, replies, code) => {
    const port = await startScript(replies);
    await expect(submission(port).submit(mail())).rejects.toMatchObject({ code, temporary: true });
  });

  it('throws a temporary error if the relay cannot be reached', async () => {
    const port = await startScript([noReply]);
    await open.pop()?.();
    await expect(submission(port).submit(mail())).rejects.toMatchObject({ code: 'smtp-unreachable', temporary: true });
  });

  it.each(['guest@remote.test\r\nRCPT TO:<other@remote.test>', 'guest@remote.test>', 'a b@remote.test', 'guest', ''])(
    'does not send an address that could contain another command: %j',
    async (rcptTo) => {
      const peer = await startPeer();
      expect(await submission(peer.port).submit(mail({ rcptTo }))).toMatchObject({ kind: 'refused', status: 553 });
      expect(peer.received).toEqual([]);
    },
  );

  it('continues after a refusal', async () => {
    const peer = await startPeer({
      onRcptTo({ address }, _session, callback) {
        if (address.startsWith('nobody')) callback(Object.assign(new Error('5.1.1 unknown'), { responseCode: 550 }));
        else callback();
      },
    });
    const out = submission(peer.port);
    expect((await out.submit(mail({ rcptTo: 'nobody@remote.test' }))).kind).toBe('refused');
    expect((await out.submit(mail())).kind).toBe('accepted');
  });

  it.each(['http://localhost', 'smtp://', 'localhost:25', ''])('refuses the SMTP_URL %j', (url) => {
    expect(() => openSubmission({ url, hostname: 'x', dkim: null })).toThrow(/SMTP_URL/);
  });

  it('refuses an invalid DKIM key', () => {
    const dkim = { domain: 'example.com', selector: 's', key: 'nonsense' };
    expect(() => openSubmission({ url: 'smtp://localhost', hostname: 'x', dkim })).toThrow(/DKIM_KEY/);
  });
});
