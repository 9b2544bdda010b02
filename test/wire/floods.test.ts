// Hostile clients: others are served at the same time, and the cost of the flood is bounded.
import { Hmac } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { RING, REPLY, clientInData, openTestDoor, rawClient } from '../doors/mail/mail-door-kit.ts';
import { fullCount } from '../harness/full-counts.ts';
import { recipientPolicy } from '../../src/core/signing/recipient-policy.ts';

const IDLE = fullCount(5_000, 1_000);
const GUESSES = fullCount(100_000, 20_000);

async function sendMail(door: Awaited<ReturnType<typeof openTestDoor>>): Promise<void> {
  const client = await clientInData(door);
  expect(await client.talk('Subject: hello\r\n.')).toEqual(['250 2.6.0 Mail accepted']);
  client.close();
}

/** Connects and returns the greeting. */
async function greetingOf(door: Awaited<ReturnType<typeof openTestDoor>>): Promise<string | null> {
  const client = await rawClient(door);
  const line = await client.reply();
  client.close();
  return line;
}

describe('floods', () => {
  it(`of ${IDLE} idle sockets do not affect other clients`, async () => {
    const door = await openTestDoor();
    const before = process.memoryUsage().heapUsed;
    const { host, port } = door.address;
    const idle: Socket[] = [];
    for (let opened = 0; opened < IDLE; opened += 500) {
      const some = Array.from({ length: 500 }, () => connect(port, host));
      await Promise.all(some.map((socket) => once(socket, 'connect')));
      idle.push(...some);
    }
    await sendMail(door);
    expect(door.mails).toHaveLength(1);
    // Both ends of each connection are in this process.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(IDLE * 40_000);
    for (const socket of idle) socket.destroy();
    await door.close(1_000);
  }, 60_000);

  it('of connections over the limit are refused until others close', async () => {
    const door = await openTestDoor({ limits: { connections: 20 } });
    const clients = await Promise.all(Array.from({ length: 40 }, () => rawClient(door)));
    const greetings = await Promise.all(clients.map((client) => client.reply()));
    expect(greetings.filter((greeting) => greeting?.startsWith('220'))).toHaveLength(20);
    expect(greetings.filter((greeting) => greeting?.startsWith('421'))).toHaveLength(20);
    for (const client of clients) client.close();
    await expect.poll(() => greetingOf(door)).toMatch(/^220/);
    await sendMail(door);
    await door.close(1_000);
  });

  it(`of ${GUESSES} random recipients cost at most a hash each`, ({ onTestFinished }) => {
    const accepts = recipientPolicy({
      ring: RING,
      replyDomain: 'reply.example.com',
      bounceDomain: null,
      replyRecipients: [],
    });
    const local = REPLY.slice(0, REPLY.indexOf('@'));
    const hashes = vi.spyOn(Hmac.prototype, 'digest');
    onTestFinished(() => hashes.mockRestore());
    let accepted = 0;
    for (let n = 0; n < GUESSES; n += 1) {
      const guess = n.toString(32).padStart(5, 'a').replaceAll(/[01]/g, 'z');
      if (accepts(`${local.slice(0, -5)}${guess.slice(-5)}@reply.example.com`)) accepted += 1;
    }
    expect(accepted).toBe(0);
    expect(hashes.mock.calls.length).toBeGreaterThan(0);
    expect(hashes.mock.calls.length).toBeLessThanOrEqual(GUESSES);
    expect(accepts(REPLY)).toBe(true);
  });

  it('of random recipients from this machine are answered one by one, in one session', async () => {
    const door = await openTestDoor({ limits: { commandsPerMail: Number.POSITIVE_INFINITY } });
    const client = await rawClient(door);
    await client.reply();
    await client.talk('EHLO client.test', 'MAIL FROM:<bob@example.com>');
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 100; round += 1) {
      client.send(Array.from({ length: 100 }, (_, n) => `RCPT TO:<r${round}-${n}@reply.example.com>\r\n`).join(''));
      for (let n = 0; n < 100; n += 1) expect(await client.reply()).toBe('550 5.1.1 No such recipient here');
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
    expect(await client.talk(`RCPT TO:<${REPLY}>`)).toEqual(['250 2.1.5 Accepted']);
    client.close();
    await door.close(1_000);
  });

  it('of bytes in DATA stay within the memory for mails', async () => {
    const door = await openTestDoor({ limits: { messageBytes: 1_000_000, memoryBytes: 400_000 } });
    const client = await clientInData(door);
    client.send('x'.repeat(150_000));
    client.send('\r\n.\r\n');
    expect(await client.reply()).toBe('452 4.3.1 Insufficient storage, try again later');
    await sendMail(door);
    client.close();
    await door.close(1_000);
  });
});
