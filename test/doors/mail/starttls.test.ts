// STARTTLS with real certificates, made for the test.
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type TLSSocket, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCertificate } from '../../harness/make-certificate.ts';
import { REPLY, type TestDoor, openTestDoor, rawClient } from './mail-door-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'starttls-'));
const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
afterAll(() => rmSync(folder, { recursive: true }));

function install(cert: string, key = cert): void {
  copyFileSync(join(folder, `${key}.key`), files.keyFile);
  copyFileSync(join(folder, `${cert}.cert`), files.certFile);
}

async function connectWithTls(door: TestDoor): Promise<TLSSocket> {
  const client = await rawClient(door);
  await client.reply();
  expect(await client.talk('EHLO client.test', 'STARTTLS')).toEqual([
    expect.any(String),
    '220 2.0.0 Ready to start TLS',
  ]);
  client.socket.removeAllListeners('data');
  const tls = connect({ socket: client.socket, rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  return tls;
}

async function nameShownBy(door: TestDoor): Promise<string> {
  const tls = await connectWithTls(door);
  const { CN } = tls.getPeerCertificate().subject;
  tls.destroy();
  return String(CN);
}

async function send(socket: TLSSocket, command: string): Promise<string> {
  socket.write(`${command}\r\n`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  return reply.toString();
}

describe('STARTTLS', () => {
  beforeAll(() => {
    writeCertificate(folder, 'one.test');
    writeCertificate(folder, 'two.test');
  });

  it('is offered with a certificate, and the mail is marked as encrypted', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files });
    const tls = await connectWithTls(door);
    expect(tls.getProtocol()).toBe('TLSv1.3');
    expect(await send(tls, 'EHLO client.test')).not.toContain('STARTTLS');
    for (const command of ['MAIL FROM:<bob@example.com>', `RCPT TO:<${REPLY}>`, 'DATA']) await send(tls, command);
    expect(await send(tls, 'Subject: x\r\n.')).toBe('250 2.6.0 Mail accepted\r\n');
    expect(door.mails[0]?.peer).toMatchObject({ tls: true, helo: 'client.test' });
    tls.destroy();
    await door.close(100);
  });

  it('discards commands that were sent unencrypted after it', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files });
    const client = await rawClient(door);
    await client.reply();
    await client.talk('EHLO client.test');
    client.send('STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n');
    await client.reply();
    client.socket.removeAllListeners('data');
    const tls = connect({ socket: client.socket, rejectUnauthorized: false });
    await once(tls, 'secureConnect');
    expect(await send(tls, `RCPT TO:<${REPLY}>`)).toMatch(/^503 /);
    tls.destroy();
    await door.close(100);
  });

  it('uses a renewed certificate, and keeps the old one if the new one is invalid', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files, limits: { tlsCheckMs: 20 } });
    expect(await nameShownBy(door)).toBe('one.test');
    install('two.test');
    await wait(200);
    expect(await nameShownBy(door)).toBe('two.test');
    writeFileSync(files.certFile, 'not a certificate');
    await wait(200);
    expect(await nameShownBy(door)).toBe('two.test');
    install('one.test', 'two.test');
    await wait(200);
    expect(await nameShownBy(door)).toBe('two.test');
    install('one.test');
    await wait(200);
    expect(await nameShownBy(door)).toBe('one.test');
    await door.close(100);
  });

  it('is refused at start-up with invalid files', async () => {
    install('one.test', 'two.test');
    const refused = expect.objectContaining({
      code: 'config-invalid',
      message: expect.stringContaining('SMTP_TLS_CERT'),
    });
    await expect(openTestDoor({ tls: files })).rejects.toEqual(refused);
    await expect(openTestDoor({ tls: { ...files, certFile: join(folder, 'none') } })).rejects.toEqual(refused);
  });

  it('leaves nothing of a session that has ended', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files });
    const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers();
    for (let session = 0; session < 10; session += 1) await nameShownBy(door);
    // The door has a timer for each open connection.
    await expect.poll(timers).toBeLessThan(before + 5);
    await door.close(100);
  });

  it('without a handshake does not delay closing the door', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files });
    const client = await rawClient(door);
    await client.reply();
    await client.talk('EHLO client.test', 'STARTTLS');
    client.send('no handshake');
    const half = await rawClient(door);
    await half.reply();
    await half.talk('EHLO client.test', 'STARTTLS');
    await door.close(200);
    half.close();
    client.close();
  });

  it('sends the reply to a mail to a client that has half-closed the connection', async () => {
    install('one.test');
    const door = await openTestDoor({ tls: files, receive: () => wait(100) });
    const tls = await connectWithTls(door);
    for (const command of ['EHLO client.test', 'MAIL FROM:<bob@example.com>', `RCPT TO:<${REPLY}>`, 'DATA'])
      await send(tls, command);
    let replies = '';
    tls.on('data', (data: Buffer) => (replies += data.toString()));
    const closed = once(tls, 'close');
    tls.end('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
    await closed;
    expect(replies).toMatch(/^250 .*\r\n221 .*\r\n$/);
    await door.close(100);
  });
});
