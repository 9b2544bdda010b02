// Clients that half-close the connection right after their last bytes, as Exim does after its last mail (`.` and QUIT
// together, then FIN). They get every reply, and the door does not wait for a command or mail that is incomplete.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { MailDoorOptions } from '../../../src/doors/mail/smtp-door.ts';
import { clientInData, openTestDoor, rawClient } from './mail-door-kit.ts';

async function open(options: Partial<MailDoorOptions> = {}) {
  const door = await openTestDoor(options);
  onTestFinished(() => door.close(100));
  return door;
}

/** Stores a mail after 100 ms, or fails then. */
const storeSlowly = (fails = false): Partial<MailDoorOptions> => ({
  receive: async () => {
    await wait(100);
    if (fails) throw new GatewayError('spool-full', 'full');
  },
});

describe('a client that closes its side', () => {
  it.each([
    [false, 250],
    [true, 452],
  ])('after its mail and QUIT gets the reply to the mail (disk full: %s)', async (fails, code) => {
    const client = await clientInData(await open(storeSlowly(fails)));
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
    expect(await client.line()).toMatch(new RegExp(`^${code} `));
    expect(await client.line()).toMatch(/^221 /);
    expect(await client.line()).toBeNull();
  });

  it('after its mail and QUIT gets the reply to the mail over LMTP', async () => {
    const door = await open({ kind: 'lmtp', ...storeSlowly() });
    const client = await rawClient(door);
    await client.reply();
    await client.talk('LHLO client.test', 'MAIL FROM:<bob@example.com>', 'RCPT TO:<carol@example.com>', 'DATA');
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
    expect(await client.line()).toMatch(/^250 /);
    expect(await client.line()).toMatch(/^221 /);
    expect(await client.line()).toBeNull();
  });

  it('after its mail without QUIT gets the reply to the mail', async () => {
    const client = await clientInData(await open(storeSlowly()));
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\n');
    expect(await client.line()).toMatch(/^250 /);
    expect(await client.line()).toBeNull();
  });

  it.each([
    ['between commands', 'NOOP\r\n', /^250 /],
    ['in a command', 'NOO', null],
  ])(
    '%s is disconnected without waiting',
    async (_what, bytes, reply) => {
      const client = await rawClient(await open());
      await client.reply();
      await client.talk('EHLO client.test');
      const closed = once(client.socket, 'close');
      client.socket.end(bytes);
      if (reply !== null) expect(await client.line()).toMatch(reply);
      await closed;
      expect(client.socket.readableEnded).toBe(true);
    },
    3_000,
  );

  it('in the middle of its mail has sent no mail', async () => {
    const door = await open();
    const client = await clientInData(door);
    const closed = once(client.socket, 'close');
    client.socket.end('Subject: x\r\n\r\nx\r\n');
    await closed;
    await wait(50);
    expect(door.mails).toEqual([]);
  }, 3_000);
});
