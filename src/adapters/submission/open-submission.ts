// Submits mail to the relay over SMTP. In: SMTP_URL, our host name, a DKIM key; a complete mail with its envelope. Out: the
// relay's verdict; a permanent refusal is a value. It refuses a recipient that is not a mail address. A temporary failure
// throws, so that the same mail is sent again under the same Message-ID.
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { GatewayError } from '../../core/errors.ts';
import type { OutgoingMail, Submission, SubmissionVerdict } from '../../flow/ports/submission.ts';

export interface SubmissionOptions {
  /** `smtp://[user:pass@]host[:port]` or `smtps://…`. */
  readonly url: string;
  /** Our host name in EHLO. */
  readonly hostname: string;
  /** `key`: PEM text. */
  readonly dkim: { readonly domain: string; readonly selector: string; readonly key: string } | null;
  /** How long to wait for each reply. RFC 5321 §4.5.3.2 requires minutes: giving up early after DATA sends a mail twice. */
  readonly timeoutMs?: number;
}

interface Relay {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

/** The properties of nodemailer's errors. */
interface SmtpFailure {
  /** The step that failed: `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ETLS`, a connection error, … */
  readonly code: string;
  /** The command that the reply belongs to, such as `RCPT TO` or `AUTH PLAIN`. */
  readonly command: string;
  readonly status: number | null;
  readonly response: string;
}

/** Throws `config-invalid` for an invalid URL or key. Connects only when there is a mail. */
export function openSubmission(options: SubmissionOptions): Submission {
  const relay = readUrl(options.url);
  const timeoutMs = options.timeoutMs ?? 300_000;
  const transport = openTransport(options, relay, timeoutMs);

  return {
    async submit(mail) {
      // nodemailer would change such an address into another one.
      if (!/^[^\p{Cc}\s<>]+@[^\p{Cc}\s<>@]+$/u.test(mail.rcptTo)) {
        return { kind: 'refused', status: 553, response: '553 5.1.3 the recipient is not a mail address' };
      }
      try {
        const { response } = await transport.sendMail({
          envelope: {
            from: { name: '', address: mail.mailFrom },
            to: { name: '', address: mail.rcptTo },
            use8BitMime: mail.raw.some((octet) => octet > 0x7f),
          },
          raw: Buffer.from(mail.raw),
          // A limit for the whole mail, because a relay that replies byte by byte resets the idle timer each time.
          signal: AbortSignal.timeout(2 * timeoutMs),
        });
        return { kind: 'accepted', response };
      } catch (error) {
        return verdictOf(relay, mail, error);
      }
    },
    close: async () => transport.close({ force: true }),
  };
}

/** Connects, sends EHLO, logs in if SMTP_URL has a password, and disconnects. Throws the same errors as `submit`. */
export async function verifyRelay(options: SubmissionOptions): Promise<void> {
  const relay = readUrl(options.url);
  const transport = openTransport(options, relay, options.timeoutMs ?? 300_000);
  try {
    await transport.verify();
  } catch (error) {
    throw temporaryFailure(relay, 'a session', readFailure(error), error);
  } finally {
    transport.close({ force: true });
  }
}

function openTransport(options: SubmissionOptions, relay: Relay, timeoutMs: number) {
  return createTransport({
    pool: true,
    // nodemailer must not retry, because the spool does.
    maxRequeues: 0,
    maxConnections: 8,
    name: options.hostname,
    host: relay.host,
    port: relay.port,
    secure: relay.secure,
    ...tlsPolicy(relay),
    ...(relay.auth !== null && { auth: relay.auth }),
    ...(options.dkim !== null && { dkim: signer(options.dkim) }),
    connectionTimeout: Math.min(timeoutMs, 30_000),
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function readUrl(text: string): Relay {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === '' || !['smtp:', 'smtps:'].includes(url.protocol)) {
    throw new GatewayError('config-invalid', 'SMTP_URL must be smtp://host:port or smtps://host:port');
  }
  const secure = url.protocol === 'smtps:';
  const auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 25) : Number(url.port),
    secure,
    auth: auth.user === '' ? null : auth,
  };
}

/**
 * With smtps://, the certificate is verified. With smtp://, STARTTLS is used if offered, with any certificate: a relay's own
 * certificate is often self-signed, and plain text would be worse (RFC 7435). A password is sent only over verified TLS or
 * to this machine.
 */
function tlsPolicy({ host, secure, auth }: Relay): object {
  if (secure) return {};
  const local = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (auth !== null && !local) return { requireTLS: true };
  return { opportunisticTLS: true, tls: { rejectUnauthorized: false } };
}

function signer({ domain, selector, key }: NonNullable<SubmissionOptions['dkim']>): object {
  try {
    createPrivateKey(key);
  } catch (cause) {
    throw new GatewayError('config-invalid', 'DKIM_KEY is not a private key in PEM format', { cause });
  }
  return { domainName: domain, keySelector: selector, privateKey: key };
}

function verdictOf(relay: Relay, mail: OutgoingMail, error: unknown): SubmissionVerdict {
  const failure = readFailure(error);
  if (failure.status !== null && isRefusalOfMail(failure, failure.status)) {
    return { kind: 'refused', response: failure.response, status: failure.status };
  }
  throw temporaryFailure(relay, mail.messageId, failure, error);
}

/** Returns an error with the relay's reply in its message, or with the connection error if there was no reply. */
function temporaryFailure(relay: Relay, what: string, failure: SmtpFailure, error: unknown): GatewayError {
  const where = `${relay.host}:${relay.port}`;
  const reply = failure.response === '' ? failure.code : failure.response;
  if (failure.code === 'EAUTH' || [530, 534, 535, 538].includes(failure.status ?? 0)) {
    return temporary(
      'smtp-refused',
      `the relay ${where} refused the login (check user and password in SMTP_URL): ${reply}`,
      error,
    );
  }
  if (failure.code === 'ETLS') {
    return temporary('smtp-unreachable', `TLS with the relay ${where} failed: ${reply}`, error);
  }
  if (failure.status === null || failure.status === 421) {
    return temporary('smtp-unreachable', `the relay ${where} cannot be reached: ${reply}`, error);
  }
  const message = `the relay ${where} does not accept ${what} for now: ${failure.command}: ${reply}`;
  return temporary('smtp-refused', message, error);
}

/**
 * Returns whether the reply is a permanent refusal of this mail: a 5yz to RCPT, DATA or the message. A 5yz to MAIL concerns
 * our envelope sender, which an operator can fix, except 552 (message too large).
 */
function isRefusalOfMail({ code, command }: SmtpFailure, status: number): boolean {
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return false;
  if (status < 500 || [503, 530, 534, 535, 538].includes(status)) return false;
  return command !== 'MAIL FROM' || status === 552;
}

function readFailure(error: unknown): SmtpFailure {
  const facts: Record<string, unknown> = typeof error === 'object' && error !== null ? { ...error } : {};
  const text = (name: string): string => (typeof facts[name] === 'string' ? facts[name] : '');
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: text('code'),
    command: text('command'),
    status: typeof facts['responseCode'] === 'number' ? facts['responseCode'] : null,
    response: text('response') === '' ? message : text('response'),
  };
}

function temporary(code: 'smtp-refused' | 'smtp-unreachable', message: string, cause: unknown): GatewayError {
  return new GatewayError(code, message, { temporary: true, cause });
}
