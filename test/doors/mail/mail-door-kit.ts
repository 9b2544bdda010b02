// A mail door on an ephemeral port that collects the received mails, and a client that sends raw bytes.
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { openLog } from '../../../src/app/log.ts';
import type { ReceivedMail } from '../../../src/core/message/types.ts';
import { bounceAddress } from '../../../src/core/signing/bounce-address.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import type { KeyRing } from '../../../src/core/signing/types.ts';
import { recipientPolicy } from '../../../src/core/signing/recipient-policy.ts';
import { type MailDoor, type MailDoorOptions, openMailDoor } from '../../../src/doors/mail/smtp-door.ts';

export const RING: KeyRing = [{ kid: 'k1', secret: new Uint8Array(32).fill(1) }];
const person = (name: string) => ({ key: `mailto:${name}@example.com`, asWritten: `${name}@example.com` });
export const REPLY = replyAddress(
  RING,
  { organizer: person('alice'), attendee: person('bob') },
  'reply.example.com',
).address;
export const BOUNCE = bounceAddress(RING, 'abcdefghijklmnopqrstuvwxyz', 'bounce.example.com');

export interface TestDoor extends MailDoor {
  readonly mails: ReceivedMail[];
}

export async function openTestDoor(options: Partial<MailDoorOptions> = {}): Promise<TestDoor> {
  const mails: ReceivedMail[] = [];
  const door = await openMailDoor({
    kind: 'smtp',
    host: '127.0.0.1',
    port: 0,
    hostname: 'gateway.test',
    receive: async (mail) => {
      mails.push(mail);
    },
    acceptsRecipient: recipientPolicy({
      ring: RING,
      replyDomain: 'reply.example.com',
      bounceDomain: 'bounce.example.com',
      replyRecipients: ['carol@example.com', '@team.example.com'],
    }),
    tls: null,
    trustedRelays: [],
    now: Date.now,
    log: openLog('silent'),
    ...options,
  });
  return { address: door.address, close: (drainMs) => door.close(drainMs), mails };
}

export interface RawClient {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): void;
  /** Returns the next line without CRLF; null if the server has closed the connection. */
  line(): Promise<string | null>;
  /** Returns the last line of the next reply, such as `250 …`. */
  reply(): Promise<string | null>;
  /** Sends one command after the other and returns the reply to each. */
  talk(...commands: string[]): Promise<(string | null)[]>;
  close(): void;
}

export async function rawClient(door: MailDoor): Promise<RawClient> {
  const socket = connect({ host: door.address.host, port: door.address.port, noDelay: true });
  const lines: string[] = [];
  const waiting: ((line: string | null) => void)[] = [];
  let rest = '';
  let ended = false;
  const end = () => {
    ended = true;
    for (const resolve of waiting.splice(0)) resolve(null);
  };
  socket.on('data', (chunk) => {
    const parts = (rest + chunk.toString('latin1')).split('\r\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    while (waiting.length > 0 && lines.length > 0) waiting.shift()?.(lines.shift() as string);
  });
  socket.on('error', end).on('end', end).on('close', end);
  await once(socket, 'connect');
  const client: RawClient = {
    socket,
    send: (bytes) => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    async line() {
      const line = lines.shift();
      if (line !== undefined) return line;
      return ended ? null : new Promise((resolve) => waiting.push(resolve));
    },
    async reply() {
      for (;;) {
        const line = await client.line();
        if (line === null || line[3] !== '-') return line;
      }
    },
    async talk(...commands) {
      const replies: (string | null)[] = [];
      for (const command of commands) {
        client.send(`${command}\r\n`);
        replies.push(await client.reply());
      }
      return replies;
    },
    close: () => socket.destroy(),
  };
  return client;
}

/** Returns a client whose DATA command got the reply 354. */
export async function clientInData(door: MailDoor, recipient: string = REPLY): Promise<RawClient> {
  const client = await rawClient(door);
  await client.reply();
  await client.talk('EHLO client.test', 'MAIL FROM:<bob@example.com>', `RCPT TO:<${recipient}>`, 'DATA');
  return client;
}
