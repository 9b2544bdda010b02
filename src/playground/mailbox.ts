// The playground's captured mailbox: every mail that the gateway sends ends here, on loopback, and nowhere else. In: SMTP;
// out: the newest mails, raw and parsed, kept in memory. It refuses mails over 5 MB and is not for real mail.
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { GatewayError } from '../core/errors.ts';
import { listen } from '../doors/listen.ts';

export interface CapturedMail {
  /** Counts from 1. */
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
  /** Called with each new mail; what comes back ends it. */
  onMail(listener: (mail: CapturedMail) => void): () => void;
  close(): Promise<void>;
}

const mostMails = 500;
const mostBytes = 5 * 1024 * 1024;

export async function startMailbox(): Promise<Mailbox> {
  const mails: CapturedMail[] = [];
  const listeners = new Set<(mail: CapturedMail) => void>();
  let received = 0;

  async function take(stream: SMTPServerDataStream, mailFrom: string, rcptTo: readonly string[]): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (stream.sizeExceeded) throw Object.assign(new GatewayError('smtp-refused', 'too large'), { responseCode: 552 });
    const raw = Buffer.concat(chunks);
    const parsed = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
    const mail = { id: ++received, receivedAt: Date.now(), mailFrom, rcptTo, raw, parsed };
    mails.push(mail);
    if (mails.length > mostMails) mails.shift();
    for (const listener of listeners) listener(mail);
  }

  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    authOptional: true,
    size: mostBytes,
    onData(stream, { envelope }, callback) {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const to = envelope.rcptTo.map((recipient) => recipient.address);
      take(stream, from, to).then(() => callback(), callback);
    },
  });
  // A client that hangs up is its own affair.
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
