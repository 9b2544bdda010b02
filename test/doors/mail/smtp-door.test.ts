// What the dialogues in test/wire/smtp cannot show: the received facts, opening and closing, and mails in flight.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BOUNCE, REPLY, clientInData, openTestDoor, rawClient } from './mail-door-kit.ts';

const MAIL = 'Subject: hello\r\n\r\nbody\r\n.';

async function sendTo(
  door: Awaited<ReturnType<typeof openTestDoor>>,
  ...commands: string[]
): Promise<(string | null)[]> {
  const client = await rawClient(door);
  await client.reply();
  const replies = await client.talk(...commands, 'DATA', MAIL);
  client.close();
  return replies;
}

describe('pipelined commands', () => {
  it('get their replies in one packet', async () => {
    const door = await openTestDoor();
    const client = await rawClient(door);
    await client.reply();
    await client.talk('EHLO client.test');
    const packets: string[] = [];
    client.socket.on('data', (chunk) => packets.push(chunk.toString('latin1')));
    client.send(`MAIL FROM:<bob@remote.test>\r\nRCPT TO:<${REPLY}>\r\nRCPT TO:<nobody@reply.example.com>\r\nDATA\r\n`);
    for (const code of ['250', '250', '550', '354']) expect(await client.reply()).toMatch(code);
    expect(packets).toHaveLength(1);
    client.close();
    await door.close(100);
  });
});

/** A `receive` that waits until `finish` is called. */
function waitingReceive() {
  const waiting: (() => void)[] = [];
  return {
    receive: () => new Promise<void>((resolve) => waiting.push(resolve)),
    finish: () => waiting.shift()?.(),
  };
}

describe('a received mail', () => {
  it('has the bytes, the envelope and the peer', async () => {
    const door = await openTestDoor({ now: () => 1_234 });
    await sendTo(
      door,
      'EHLO Client.test',
      'MAIL FROM:<Bob@MÜNCHEN.test> SMTPUTF8',
      `RCPT TO:<${REPLY}>`,
      `RCPT TO:<${REPLY}>`,
      `RCPT TO:<${BOUNCE}>`,
    );
    await door.close(100);
    const [mail] = door.mails;
    expect(mail).toMatchObject({
      envelope: { rcptTo: [REPLY, BOUNCE] },
      peer: {
        door: 'smtp',
        address: '127.0.0.1',
        helo: 'client.test',
        tls: false,
        trustedRelay: false,
        xclient: false,
      },
    });
    expect(Buffer.from(mail?.raw ?? []).toString()).toBe('Subject: hello\r\n\r\nbody\r\n');
    expect(mail?.receivedAt).toBe(1_234);
  });

  it('has an empty text for the null sender', async () => {
    const door = await openTestDoor();
    await sendTo(door, 'EHLO client.test', 'MAIL FROM:<>', `RCPT TO:<${BOUNCE}>`);
    await door.close(100);
    expect(door.mails[0]?.envelope).toEqual({ mailFrom: '', rcptTo: [BOUNCE] });
  });

  it('has the client of the XCLIENT command of a trusted relay', async () => {
    const door = await openTestDoor({ trustedRelays: ['127.0.0.0/8'] });
    const rest = ['EHLO relay.test', 'MAIL FROM:<bob@example.com>', `RCPT TO:<${REPLY}>`];
    await sendTo(
      door,
      'EHLO relay.test',
      'XCLIENT ADDR=192.0.2.1 HELO=mail.example.com NAME=mail.example.com LOGIN=x',
      ...rest,
    );
    await sendTo(door, 'EHLO relay.test', 'XCLIENT ADDR=IPV6:2001:db8::1 HELO=[UNAVAILABLE]', ...rest);
    await sendTo(door, 'EHLO relay.test', 'XCLIENT ADDR=[UNAVAILABLE]', ...rest);
    await sendTo(door, ...rest);
    await door.close(100);
    const relayed = { door: 'smtp', tls: false, trustedRelay: true };
    expect(door.mails.map(({ peer }) => peer)).toEqual([
      { ...relayed, address: '192.0.2.1', helo: 'mail.example.com', xclient: true },
      { ...relayed, address: '2001:db8::1', helo: 'relay.test', xclient: true },
      { ...relayed, address: '127.0.0.1', helo: 'relay.test', xclient: false },
      { ...relayed, address: '127.0.0.1', helo: 'relay.test', xclient: false },
    ]);
  });

  it('over LMTP has each recipient once', async () => {
    const door = await openTestDoor({ kind: 'lmtp' });
    await sendTo(door, 'LHLO client.test', 'MAIL FROM:<bob@example.com>', `RCPT TO:<${REPLY}>`, `RCPT TO:<${REPLY}>`);
    await door.close(100);
    expect(door.mails.map(({ envelope, peer }) => [envelope.rcptTo, peer.door])).toEqual([[[REPLY], 'lmtp']]);
  });
});

describe('the reply 250', () => {
  it('is not sent before the mail is on disk', async () => {
    const disk = waitingReceive();
    const door = await openTestDoor({ receive: disk.receive });
    const client = await clientInData(door);
    let reply: string | null = null;
    client.send(`${MAIL}\r\n`);
    const replied = client.reply().then((line) => {
      reply = line;
    });
    await wait(100);
    expect(reply).toBeNull();
    disk.finish();
    await replied;
    expect(reply).toBe('250 2.6.0 Mail accepted');
    client.close();
    await door.close(100);
  });

  it('does no harm if the client has disconnected', async () => {
    const disk = waitingReceive();
    const door = await openTestDoor({ receive: disk.receive });
    const client = await clientInData(door);
    client.send(`${MAIL}\r\n`);
    await wait(50);
    client.close();
    await wait(50);
    disk.finish();
    const next = await rawClient(door);
    expect(await next.reply()).toBe('220 gateway.test ESMTP');
    next.close();
    await door.close(100);
  });
});

describe('opening', () => {
  it('fails with the address in the message if the port is in use', async () => {
    const door = await openTestDoor();
    await expect(openTestDoor({ port: door.address.port })).rejects.toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringContaining(`127.0.0.1:${door.address.port}`),
      }),
    );
    await door.close(100);
  });
});

describe('closing', () => {
  it('notifies idle clients, waits for a mail in flight, and accepts no new connection', async () => {
    const disk = waitingReceive();
    const door = await openTestDoor({ receive: disk.receive });
    const idle = await rawClient(door);
    await idle.reply();
    const busy = await clientInData(door);
    busy.send(`${MAIL}\r\n`);
    await wait(50);
    const closing = door.close(2_000);
    expect(await idle.reply()).toBe('421 4.3.2 Shutting down, try again in a moment');
    disk.finish();
    expect(await busy.reply()).toBe('250 2.6.0 Mail accepted');
    await closing;
    const late = await rawClient(door).then(
      () => 'connected',
      (error: { code: string }) => error.code,
    );
    expect(late).toBe('ECONNREFUSED');
  });

  it('waits for an incomplete mail only for the given time', async () => {
    const door = await openTestDoor();
    const client = await clientInData(door);
    client.send('Subject: never ends\r\n');
    await door.close(100);
    expect(await client.reply()).toBeNull();
    expect(door.mails).toEqual([]);
  });

  it('does not wait for clients that keep their side open', async () => {
    const door = await openTestDoor();
    const client = await rawClient(door);
    await client.reply();
    client.socket.pause();
    // Longer than the time limit of a test.
    await door.close(600_000);
    client.socket.resume();
    if (!client.socket.closed) await once(client.socket, 'close');
  });
});
