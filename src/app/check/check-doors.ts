// The mail doors: what answers on SMTP_LISTEN and LMTP_LISTEN must take what we signed and refuse what we did not. Where
// nothing listens yet, a door is opened for the time of the check, which puts off any mail (451). The certificate, too.
import { X509Certificate } from 'node:crypto';
import { mailDoorOptions } from '../config/adapter-options.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { openLog } from '../log.ts';
import type { HostPort } from '../config/setting-values.ts';
import { readTlsFiles } from '../../doors/mail/tls-files.ts';
import { openMailDoor } from '../../doors/mail/smtp-door.ts';
import { askRecipients, type SignedNames } from './ask-recipients.ts';
import { attention, failed, messageOf, ok, skipped } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'certificate';
const SOON_MS = 14 * 86_400_000;

export interface CheckedDoor {
  readonly link: Link;
  close(): Promise<void>;
}

export async function checkDoor(
  config: Config,
  kind: 'smtp' | 'lmtp',
  names: SignedNames | null,
): Promise<CheckedDoor> {
  const listen = kind === 'smtp' ? config.smtpListen : config.lmtpListen;
  const setting = `${kind.toUpperCase()}_LISTEN`;
  const nothing = async (): Promise<void> => {};
  if (listen === null) return { link: skipped(kind, `${setting} is off`), close: nothing };
  const where = `${listen.host}:${listen.port}`;
  if (names === null) return { link: skipped(kind, 'without REPLY_DOMAIN no address is signed'), close: nothing };
  try {
    const own = await openOwnDoor(config, kind, listen);
    const answers = await askRecipients({ ...reach(own?.address ?? listen), names, kind, hostname: 'localhost' });
    const who = own === null ? `what listens on ${where}` : `a door on ${where}, opened for this check,`;
    const close = async (): Promise<void> => own?.close(0);
    if (answers.signed.code !== 250 || answers.guessed.code === 250) {
      const todo = `stop what listens on ${where}, or restart the gateway with the settings that are checked here`;
      const said = `${who} answers ${answers.signed.code} to an address that GATEWAY_SECRETS signed, ${answers.guessed.code} to a guessed one`;
      return { link: failed(kind, said, todo), close };
    }
    return { link: ok(kind, `${who} takes what we sign and refuses the rest`), close };
  } catch (error) {
    return { link: failed(kind, messageOf(error), `set ${setting} to an address of this machine`), close: nothing };
  }
}

/** null where somebody listens already. */
async function openOwnDoor(config: Config, kind: 'smtp' | 'lmtp', listen: HostPort) {
  try {
    return await openMailDoor({
      kind,
      ...listen,
      ...mailDoorOptions(config),
      receive: () => Promise.reject(new GatewayError('spool-unavailable', 'a check is running', { temporary: true })),
      now: Date.now,
      log: openLog('silent'),
    });
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : null;
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') return null;
    throw error;
  }
}

function reach({ host, port }: HostPort): HostPort {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}

/** SMTP_TLS_CERT and SMTP_TLS_KEY: they fit, are valid now and for a while, and are for GATEWAY_HOSTNAME. */
export function checkCertificate(config: Config, now: number): Link {
  const { hostname, tls } = mailDoorOptions(config);
  if (tls === null)
    return skipped(NAME, 'STARTTLS is not offered (SMTP_TLS_CERT): behind a relay on this machine it need not be');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readTlsFiles(tls).cert);
  } catch (error) {
    return failed(
      NAME,
      messageOf(error),
      'give SMTP_TLS_CERT the certificate with its chain, and SMTP_TLS_KEY its key',
    );
  }
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const day = new Date(to).toISOString().slice(0, 10);
  const renew = 'renew it; the gateway reads the files again when they change';
  if (now > to) return failed(NAME, `${tls.certFile} was valid until ${day}`, renew);
  if (now < from) return failed(NAME, `${tls.certFile} is valid from ${new Date(from).toISOString()} only`, renew);
  if (certificate.checkHost(hostname) === undefined) {
    const names = certificate.subjectAltName?.replaceAll('DNS:', '') ?? certificate.subject;
    const todo = `get one for ${hostname}, or set GATEWAY_HOSTNAME to a name that it has`;
    return failed(NAME, `${tls.certFile} is for ${names}, not for ${hostname}`, todo);
  }
  if (to - now < SOON_MS) return attention(NAME, `${tls.certFile} is valid until ${day} only`, renew);
  return ok(NAME, `${tls.certFile} is for ${hostname} and valid until ${day}`);
}
