// Receives the mails of a test by SMTP or LMTP on a free loopback port. Out: each mail with its envelope. A test can make
// it refuse a recipient or a mail.
import { SMTPServer } from 'smtp-server';
import { waitFor } from './wait-for.ts';

export interface CaughtMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
}

export interface Catcher {
  readonly port: number;
  readonly smtpUrl: string;
  mails(): readonly CaughtMail[];
  /** Waits for a matching mail; returns the first. */
  waitFor(fits: (mail: CaughtMail) => boolean, timeoutMs?: number): Promise<CaughtMail>;
  stop(): Promise<void>;
}

/** @param options.rcpt returns a reply such as `550 5.1.1 unknown` to refuse a recipient, null to accept it. */
export async function startCatcher(
  options: { lmtp?: boolean; port?: number; rcpt?: (address: string) => string | null } = {},
): Promise<Catcher> {
  const mails: CaughtMail[] = [];
  const server = new SMTPServer({
    lmtp: options.lmtp ?? false,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onRcptTo({ address }, _session, callback) {
      const refusal = options.rcpt?.(address) ?? null;
      if (refusal === null) callback();
      else callback(Object.assign(new Error(refusal.slice(4)), { responseCode: Number(refusal.slice(0, 3)) }));
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({
          from,
          to: envelope.rcptTo.map((one) => one.address),
          raw: Buffer.concat(chunks).toString('utf8'),
        });
        callback();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    port,
    smtpUrl: `smtp://127.0.0.1:${port}`,
    mails: () => mails,
    async waitFor(fits, timeoutMs) {
      await waitFor('the mail', async () => mails.some(fits), timeoutMs);
      const found = mails.find(fits);
      if (found === undefined) throw new Error('the mail is gone again');
      return found;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
