// The mailbox of the playground, on loopback, which captures every mail that the gateway sends. In: SMTP; out: the newest
// mails, raw and parsed, in memory. It refuses mails over 5 MB.
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { GatewayError } from '../core/errors.ts';
import { listen } from '../doors/listen.ts';

export interface CapturedMail {
  /** The first mail is 1. */
  readonly id: number;
  readonly receivedAt: number;
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  readonly raw: Buffer;
  readonly parsed: ParsedMail;
}

export interface Mailbox {
  /** `smtp://127.0.0.1:port` */
  readonly smtpUrl: string;
  /** Oldest first. */
  mails(): readonly CapturedMail[];
  /** Calls the listener with each new mail; returns the function that unsubscribes. */
  onMail(listener: (mail: CapturedMail) => void): () => void;
  close(): Promise<void>;
}

const MAX_MAILS = 500;
const MAX_BYTES = 5 * 1024 * 1024;

export async function startMailbox(): Promise<Mailbox> {
  const mails: CapturedMail[] = [];
  const listeners = new Set<(mail: CapturedMail) => void>();
  let received = 0;

  async function capture(stream: SMTPServerDataStream, mailFrom: string, rcptTo: readonly string[]): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (stream.sizeExceeded) throw Object.assign(new GatewayError('smtp-refused', 'too large'), { responseCode: 552 });
    const raw = Buffer.concat(chunks);
    const parsed = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
    const mail = { id: ++received, receivedAt: Date.now(), mailFrom, rcptTo, raw, parsed };
    mails.push(mail);
    if (mails.length > MAX_MAILS) mails.shift();
    for (const listener of listeners) listener(mail);
  }

  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    authOptional: true,
    size: MAX_BYTES,
    onData(stream, { envelope }, callback) {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const to = envelope.rcptTo.map((recipient) => recipient.address);
      capture(stream, from, to).then(() => callback(), callback);
    },
  });
  // A client that disconnects causes an error event.
  server.on('error', () => undefined);
  const { port } = await listen(server.server, { host: '127.0.0.1', port: 0 }, 'mailbox');

  return {
    smtpUrl: `smtp://127.0.0.1:${port}`,
    mails: () => mails,
    onMail(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
