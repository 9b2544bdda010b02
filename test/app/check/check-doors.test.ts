// The checks of the mail doors and of their certificate.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProbeAddresses } from '../../../src/app/check/probe-recipients.ts';
import { checkCertificate, checkDoor } from '../../../src/app/check/check-doors.ts';
import { openDialogue } from '../../../src/app/check/smtp-dialogue.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { freePort } from '../../harness/free-port.ts';
import { writeCertificate } from '../../harness/make-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'imip-check-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const secret = `k1:${Buffer.from('thirty-two bytes, chosen by hand').toString('base64')}`;
const config = (settings: Record<string, string> = {}) =>
  requireConfig({
    GATEWAY_SECRETS: secret,
    REPLY_DOMAIN: 'reply.example.com',
    SMTP_LISTEN: '127.0.0.1:0',
    ...settings,
  });
const addresses = makeProbeAddresses(config().secrets, 'replies', 'reply.example.com', 1);

describe('the check of a mail door', () => {
  it('opens a door, which accepts signed addresses and answers a mail with 451', async () => {
    const port = await freePort();
    const { result, close } = await checkDoor(config({ SMTP_LISTEN: `127.0.0.1:${port}` }), 'smtp', addresses);
    expect(result).toMatchObject({
      status: 'ok',
      finding: expect.stringMatching(/opened on 127\.0\.0\.1:\d+ for this check accepts signed addresses/),
    });
    const mail = await openDialogue({ host: '127.0.0.1', port, timeoutMs: 3_000 });
    const replies = [];
    for (const line of [
      'EHLO x',
      'MAIL FROM:<>',
      `RCPT TO:<${addresses.signed}>`,
      'DATA',
      'Subject: x\r\n\r\nx\r\n.',
    ]) {
      replies.push((await mail.send(line)).code);
    }
    mail.close();
    expect(replies).toEqual([250, 250, 250, 354, 451]);
    await close();
    await expect(openDialogue({ host: '127.0.0.1', port, timeoutMs: 500 })).rejects.toThrow('ECONNREFUSED');
  });

  it('supports LMTP', async () => {
    const { result, close } = await checkDoor(config({ LMTP_LISTEN: '0.0.0.0:0' }), 'lmtp', addresses);
    expect(result).toMatchObject({ name: 'lmtp', status: 'ok' });
    await close();
  });

  it('is skipped if the door is off or no addresses are signed', async () => {
    expect((await checkDoor(config(), 'lmtp', addresses)).result).toMatchObject({
      status: 'skipped',
      finding: 'LMTP_LISTEN is off',
    });
    expect((await checkDoor(config(), 'smtp', null)).result).toMatchObject({ status: 'skipped' });
  });

  it('fails if the address cannot be used or another server listens there', async () => {
    const away = await checkDoor(config({ SMTP_LISTEN: '192.0.2.1:2525' }), 'smtp', addresses);
    expect(away.result).toMatchObject({ status: 'failed', todo: [expect.stringContaining('SMTP_LISTEN')] });
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { result } = await checkDoor(config({ SMTP_LISTEN: `127.0.0.1:${port}` }), 'smtp', addresses);
    other.close();
    expect(result).toMatchObject({ status: 'failed', finding: expect.stringContaining('connection was closed') });
  });
});

describe('the check of the certificate', () => {
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
    ['in two weeks or less', 20, 'warning', /expires on/],
    ['expired', 40, 'failed', /expired on/],
    ['not yet valid', -2, 'failed', /is not valid before/],
  ])('%s', (_case, days, status, finding) => {
    const result = checkCertificate(files(), Date.now() + days * day);
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
  });

  it('fails for another name or a broken file, and is skipped without a certificate', () => {
    const other = requireConfig({
      GATEWAY_SECRETS: secret,
      GATEWAY_HOSTNAME: 'mx.example.com',
      SMTP_TLS_CERT: join(folder, 'gateway.example.com.cert'),
      SMTP_TLS_KEY: join(folder, 'gateway.example.com.key'),
    });
    expect(checkCertificate(other, Date.now()).finding).toMatch(
      /is for gateway\.example\.com, not for mx\.example\.com/,
    );
    writeFileSync(join(folder, 'bad.cert'), 'bad');
    writeFileSync(join(folder, 'bad.key'), 'bad');
    expect(checkCertificate(files('bad'), Date.now())).toMatchObject({
      status: 'failed',
      finding: expect.stringContaining('SMTP_TLS_CERT'),
    });
    expect(checkCertificate(config(), Date.now())).toMatchObject({ status: 'skipped' });
  });
});
