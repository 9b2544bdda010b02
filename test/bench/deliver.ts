// Mails to an SMTP server as fast as it takes them. In: mails and a number of sessions; out: when each was acknowledged.
// It refuses to go on after a refusal.
import { connect } from 'node:net';
import { inParallel } from './bench-kit.ts';

export interface MailToSend {
  readonly from: string;
  readonly to: string;
  readonly raw: Uint8Array;
}

export interface Acknowledged<M extends MailToSend> {
  readonly mail: M;
  /** Of performance.now(), ms. */
  readonly at: number;
}

export async function deliver<M extends MailToSend>(
  port: number,
  mails: readonly M[],
  width: number,
): Promise<Acknowledged<M>[]> {
  const acknowledged: Acknowledged<M>[] = [];
  const sessions = Array.from({ length: width }, () => openSession(port));
  try {
    await inParallel(mails, width, async (mail) => {
      const session = sessions.pop() ?? openSession(port);
      await session.send(mail);
      acknowledged.push({ mail, at: performance.now() });
      sessions.push(session);
    });
  } finally {
    for (const session of sessions) session.end();
  }
  return acknowledged;
}

export interface MailSession {
  send(mail: MailToSend): Promise<void>;
  end(): void;
}

export function openSession(port: number): MailSession {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  // The reader gets the error.
  socket.on('error', () => undefined);
  const replies = socket.iterator({ destroyOnReturn: false });
  let text = '';
  let greeted = false;

  /** The next reply, after its last line (RFC 5321 §4.2), must begin with that code. */
  async function reply(wanted: string): Promise<void> {
    for (;;) {
      const last = /^\d{3} .*\r\n/m.exec(text);
      if (last !== null) {
        text = text.slice(last.index + last[0].length);
        if (!last[0].startsWith(wanted)) throw new Error(`expected ${wanted}, got ${last[0]}`);
        return;
      }
      const { value, done } = await replies.next();
      if (done) throw new Error('the server closed the connection');
      text += value;
    }
  }

  async function greet(): Promise<void> {
    await reply('220');
    socket.write('EHLO client.remote.test\r\n');
    await reply('250');
    greeted = true;
  }

  return {
    async send({ from, to, raw }) {
      if (!greeted) await greet();
      socket.write(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
      for (const code of ['250', '250', '354']) await reply(code);
      socket.write(Buffer.concat([dotStuffed(raw), Buffer.from('.\r\n')]));
      await reply('250');
    },
    end: () => void (socket.writable && socket.end('QUIT\r\n')),
  };
}

function dotStuffed(raw: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(raw).toString('latin1').replace(/^\./gm, '..'), 'latin1');
}
