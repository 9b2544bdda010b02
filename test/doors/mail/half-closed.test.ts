// Clients that send their last bytes and close their side at once, as Exim does after the last mail (`.` and QUIT in one, then
// FIN). What they are owed is said to them; who owes us something is not waited for.
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

/** Stores as slowly as a disk. */
const slowly = (fails = false): Partial<MailDoorOptions> => ({
  receive: async () => {
    await wait(100);
    if (fails) throw new GatewayError('spool-full', 'full');
  },
});

describe('a client that closes its side', () => {
  it.each([
    [false, 250],
    [true, 452],
  ])('after its mail and QUIT hears what became of the mail (disk full: %s)', async (fails, code) => {
    const client = await clientInData(await open(slowly(fails)));
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
    expect(await client.line()).toMatch(new RegExp(`^${code} `));
    expect(await client.line()).toMatch(/^221 /);
    expect(await client.line()).toBeNull();
  });

  it('by LMTP, too', async () => {
    const door = await open({ kind: 'lmtp', ...slowly() });
    const client = await rawClient(door);
    await client.reply();
    await client.talk('LHLO client.test', 'MAIL FROM:<bob@example.com>', 'RCPT TO:<carol@example.com>', 'DATA');
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n');
    expect(await client.line()).toMatch(/^250 /);
    expect(await client.line()).toMatch(/^221 /);
    expect(await client.line()).toBeNull();
  });

  it('after its mail, without QUIT, hears it, too', async () => {
    const client = await clientInData(await open(slowly()));
    client.socket.end('Subject: x\r\n\r\nx\r\n.\r\n');
    expect(await client.line()).toMatch(/^250 /);
    expect(await client.line()).toBeNull();
  });

  it.each([
    ['between commands', 'NOOP\r\n', /^250 /],
    ['in a command', 'NOO', null],
  ])(
    '%s is not waited for',
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

  it('in the middle of its mail has sent none', async () => {
    const door = await open();
    const client = await clientInData(door);
    const closed = once(client.socket, 'close');
    client.socket.end('Subject: x\r\n\r\nx\r\n');
    await closed;
    await wait(50);
    expect(door.mails).toEqual([]);
  }, 3_000);
});
