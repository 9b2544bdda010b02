// Mail out. In: SMTP_URL, our name, a DKIM key; a mail ready to be sent with its envelope. Out: the relay's verdict. What
// may go through later throws, so that the same mail, under the same Message-ID, is tried again; refusals are values.
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { GatewayError } from '../../core/errors.ts';
import type { OutgoingMail, Submission, SubmissionVerdict } from '../../flow/ports/submission.ts';

export interface SubmissionOptions {
  /** `smtp://[user:pass@]host[:port]` or `smtps://…`. */
  readonly url: string;
  /** What we call ourselves in EHLO. */
  readonly hostname: string;
  /** `key`: PEM text. */
  readonly dkim: { readonly domain: string; readonly selector: string; readonly key: string } | null;
  /** How long the relay may be silent. RFC 5321 §4.5.3.2 asks for minutes: who gives up early after DATA sends twice. */
  readonly timeoutMs?: number;
}

interface Relay {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

/** What nodemailer says of a failure. */
interface SmtpFailure {
  /** The step: `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ETLS`, a connection's end, … */
  readonly code: string;
  /** The command that was answered, such as `RCPT TO`, `AUTH PLAIN`. */
  readonly command: string;
  readonly status: number | null;
  readonly response: string;
}

/** Throws `config-invalid` for a URL or a key that cannot work. Connects when there is a mail. */
export function openSubmission(options: SubmissionOptions): Submission {
  const relay = readUrl(options.url);
  const timeoutMs = options.timeoutMs ?? 300_000;
  const transport = openTransport(options, relay, timeoutMs);

  return {
    async submit(mail) {
      // nodemailer would mend such an address into another one.
      if (!/^[^\p{Cc}\s<>]+@[^\p{Cc}\s<>@]+$/u.test(mail.rcptTo)) {
        return { kind: 'refused', status: 553, response: '553 5.1.3 the recipient is no mail address' };
      }
      try {
        const { response } = await transport.sendMail({
          envelope: {
            from: { name: '', address: mail.mailFrom },
            to: { name: '', address: mail.rcptTo },
            use8BitMime: mail.raw.some((octet) => octet > 0x7f),
          },
          raw: Buffer.from(mail.raw),
          // A relay that drips its answers resets the idle timer for ever.
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

/** Connects, says EHLO, logs in where SMTP_URL has a password, and leaves. Throws as `submit` does. */
export async function greetRelay(options: SubmissionOptions): Promise<void> {
  const relay = readUrl(options.url);
  const transport = openTransport(options, relay, options.timeoutMs ?? 300_000);
  try {
    await transport.verify();
  } catch (error) {
    throw notNow(relay, 'a session', readFailure(error), error);
  } finally {
    transport.close({ force: true });
  }
}

function openTransport(options: SubmissionOptions, relay: Relay, timeoutMs: number) {
  return createTransport({
    pool: true,
    // Its own queue must not try again: the spool does.
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
 * smtps:// is verified. smtp:// takes STARTTLS where it is offered, whatever the certificate (RFC 7435: a relay's own
 * certificate is often self-signed, and plain text would be worse); but a password goes over verified TLS only, or to this machine.
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
    throw new GatewayError('config-invalid', 'DKIM_KEY is no private key in PEM', { cause });
  }
  return { domainName: domain, keySelector: selector, privateKey: key };
}

function verdictOf(relay: Relay, mail: OutgoingMail, error: unknown): SubmissionVerdict {
  const failure = readFailure(error);
  if (failure.status !== null && isRefusalOfMail(failure, failure.status)) {
    return { kind: 'refused', response: failure.response, status: failure.status };
  }
  throw notNow(relay, mail.messageId, failure, error);
}

/** What the relay said, or that it said nothing, for an operator. */
function notNow(relay: Relay, what: string, failure: SmtpFailure, error: unknown): GatewayError {
  const where = `${relay.host}:${relay.port}`;
  const said = failure.response === '' ? failure.code : failure.response;
  if (failure.code === 'EAUTH' || [530, 534, 535, 538].includes(failure.status ?? 0)) {
    return temporary(
      'smtp-refused',
      `the relay ${where} does not let us in (user and password in SMTP_URL): ${said}`,
      error,
    );
  }
  if (failure.code === 'ETLS') return temporary('smtp-unreachable', `TLS with the relay ${where}: ${said}`, error);
  if (failure.status === null || failure.status === 421) {
    return temporary('smtp-unreachable', `the relay ${where} cannot be reached: ${said}`, error);
  }
  return temporary('smtp-refused', `the relay ${where} does not take ${what} now: ${failure.command}: ${said}`, error);
}

/**
 * A permanent answer about this mail: to RCPT, DATA or the text. 5yz to MAIL is about our envelope sender, which an
 * operator can mend, but for 552 (too large).
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
