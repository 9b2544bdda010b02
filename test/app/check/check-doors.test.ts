// Our own doors and their certificate.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedNames } from '../../../src/app/check/ask-recipients.ts';
import { checkCertificate, checkDoor } from '../../../src/app/check/check-doors.ts';
import { openDialogue } from '../../../src/app/check/smtp-dialogue.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { freePort } from '../../harness/free-port.ts';
import { writeCertificate } from '../../harness/make-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'imip-check-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const secret = `k1:${Buffer.from('thirty-two bytes, drawn by hand!').toString('base64')}`;
const config = (settings: Record<string, string> = {}) =>
  requireConfig({
    GATEWAY_SECRETS: secret,
    REPLY_DOMAIN: 'reply.example.com',
    SMTP_LISTEN: '127.0.0.1:0',
    ...settings,
  });
const names = signedNames(config().secrets, 'replies', 'reply.example.com', 1);

describe('a door', () => {
  it('is opened for the check, takes what we sign, and puts off a mail that comes meanwhile', async () => {
    const port = await freePort();
    const { link, close } = await checkDoor(config({ SMTP_LISTEN: `127.0.0.1:${port}` }), 'smtp', names);
    expect(link).toMatchObject({
      status: 'ok',
      said: expect.stringMatching(/opened for this check, takes what we sign/),
    });
    const mail = await openDialogue({ host: '127.0.0.1', port, timeoutMs: 3_000 });
    const replies = [];
    for (const line of ['EHLO x', 'MAIL FROM:<>', `RCPT TO:<${names.signed}>`, 'DATA', 'Subject: x\r\n\r\nx\r\n.']) {
      replies.push((await mail.say(line)).code);
    }
    mail.close();
    expect(replies).toEqual([250, 250, 250, 354, 451]);
    await close();
    await expect(openDialogue({ host: '127.0.0.1', port, timeoutMs: 500 })).rejects.toThrow('ECONNREFUSED');
  });

  it('speaks LMTP, too', async () => {
    const { link, close } = await checkDoor(config({ LMTP_LISTEN: '0.0.0.0:0' }), 'lmtp', names);
    expect(link).toMatchObject({ name: 'lmtp', status: 'ok' });
    await close();
  });

  it('is not tried where it is off, or no address is signed', async () => {
    expect((await checkDoor(config(), 'lmtp', names)).link).toMatchObject({
      status: 'skipped',
      said: 'LMTP_LISTEN is off',
    });
    expect((await checkDoor(config(), 'smtp', null)).link).toMatchObject({ status: 'skipped' });
  });

  it('is refused where it cannot be opened, or something else sits there', async () => {
    const away = await checkDoor(config({ SMTP_LISTEN: '192.0.2.1:2525' }), 'smtp', names);
    expect(away.link).toMatchObject({ status: 'failed', todo: [expect.stringContaining('SMTP_LISTEN')] });
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { link } = await checkDoor(config({ SMTP_LISTEN: `127.0.0.1:${port}` }), 'smtp', names);
    other.close();
    expect(link).toMatchObject({ status: 'failed', said: expect.stringContaining('connection was closed') });
  });
});

describe('the certificate', () => {
  const day = 86_400_000;
  beforeAll(() => writeCertificate(folder, 'gateway.example.com'));
  const files = (name = 'gateway.example.com') =>
    config({
      GATEWAY_HOSTNAME: 'gateway.example.com',
      SMTP_TLS_CERT: join(folder, `${name}.cert`),
      SMTP_TLS_KEY: join(folder, `${name}.key`),
    });

  it.each([
    ['now', 0, 'ok', /is for gateway\.example\.com and valid until/],
    ['soon over', 20, 'attention', /valid until .* only/],
    ['over', 40, 'failed', /was valid until/],
    ['not yet', -2, 'failed', /is valid from/],
  ])('%s', (_case, days, status, said) => {
    const link = checkCertificate(files(), Date.now() + days * day);
    expect(link.status).toBe(status);
    expect(link.said).toMatch(said);
  });

  it('is for another name, unreadable, or not wanted', () => {
    const other = requireConfig({
      GATEWAY_SECRETS: secret,
      GATEWAY_HOSTNAME: 'mx.example.com',
      SMTP_TLS_CERT: join(folder, 'gateway.example.com.cert'),
      SMTP_TLS_KEY: join(folder, 'gateway.example.com.key'),
    });
    expect(checkCertificate(other, Date.now()).said).toMatch(/is for gateway\.example\.com, not for mx\.example\.com/);
    writeFileSync(join(folder, 'bad.cert'), 'bad');
    writeFileSync(join(folder, 'bad.key'), 'bad');
    expect(checkCertificate(files('bad'), Date.now())).toMatchObject({
      status: 'failed',
      said: expect.stringContaining('SMTP_TLS_CERT'),
    });
    expect(checkCertificate(config(), Date.now())).toMatchObject({ status: 'skipped' });
  });
});
