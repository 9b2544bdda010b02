// Checks the mail doors. In: a Config; out: whether SMTP_LISTEN and LMTP_LISTEN accept the addresses that we signed and
// refuse forged ones, and whether the certificate is valid. If nothing listens yet, it opens a door for the time of the
// check, which answers 451 to every mail.
import { X509Certificate } from 'node:crypto';
import { DAY } from '../../core/ical/local-time.ts';
import { mailDoorOptions } from '../config/adapter-options.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { openLog } from '../log.ts';
import type { HostPort } from '../config/setting-values.ts';
import { readTlsFiles } from '../../doors/mail/tls-files.ts';
import { openMailDoor } from '../../doors/mail/smtp-door.ts';
import { type CheckResult, failed, messageOf, ok, skipped, warning } from './check-result.ts';
import { type ProbeAddresses, probeRecipients } from './probe-recipients.ts';

const NAME = 'certificate';
const SOON_MS = 14 * DAY;

export interface CheckedDoor {
  readonly result: CheckResult;
  /** Closes the door that was opened for the check. */
  close(): Promise<void>;
}

export async function checkDoor(
  config: Config,
  kind: 'smtp' | 'lmtp',
  addresses: ProbeAddresses | null,
): Promise<CheckedDoor> {
  const listen = kind === 'smtp' ? config.smtpListen : config.lmtpListen;
  const setting = `${kind.toUpperCase()}_LISTEN`;
  const nothing = async (): Promise<void> => {};
  if (listen === null) return { result: skipped(kind, `${setting} is off`), close: nothing };
  const where = `${listen.host}:${listen.port}`;
  if (addresses === null) {
    return { result: skipped(kind, 'REPLY_DOMAIN is not set: no addresses are signed'), close: nothing };
  }
  try {
    const own = await openOwnDoor(config, kind, listen);
    const host = reachable(own?.address ?? listen);
    const { signed, forged } = await probeRecipients({ ...host, addresses, kind, hostname: 'localhost' });
    const server = own === null ? `the server on ${where}` : `a door that was opened on ${where} for this check`;
    const close = async (): Promise<void> => own?.close(0);
    if (signed.code !== 250 || forged.code === 250) {
      const todo = `stop the server on ${where}, or restart the gateway with the settings that are checked here`;
      const finding = `${server} answers ${signed.code} to an address that GATEWAY_SECRETS signed, and ${forged.code} to a forged one`;
      return { result: failed(kind, finding, todo), close };
    }
    return { result: ok(kind, `${server} accepts signed addresses and refuses forged ones`), close };
  } catch (error) {
    return { result: failed(kind, messageOf(error), `set ${setting} to an address of this machine`), close: nothing };
  }
}

/** Returns null if the address is in use. */
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

function reachable({ host, port }: HostPort): HostPort {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}

/** SMTP_TLS_CERT and SMTP_TLS_KEY must match, be valid for two more weeks, and be for GATEWAY_HOSTNAME. */
export function checkCertificate(config: Config, now: number): CheckResult {
  const { hostname, tls } = mailDoorOptions(config);
  if (tls === null) {
    return skipped(NAME, 'STARTTLS is off (SMTP_TLS_CERT), which is fine behind a relay on this machine');
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readTlsFiles(tls).cert);
  } catch (error) {
    const todo = 'set SMTP_TLS_CERT to the certificate with its chain, and SMTP_TLS_KEY to its key';
    return failed(NAME, messageOf(error), todo);
  }
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const day = new Date(to).toISOString().slice(0, 10);
  const renew = 'renew it; the gateway reads the files again when they change';
  if (now > to) return failed(NAME, `${tls.certFile} expired on ${day}`, renew);
  if (now < from) return failed(NAME, `${tls.certFile} is not valid before ${new Date(from).toISOString()}`, renew);
  if (certificate.checkHost(hostname) === undefined) {
    const names = certificate.subjectAltName?.replaceAll('DNS:', '') ?? certificate.subject;
    const todo = `get a certificate for ${hostname}, or set GATEWAY_HOSTNAME to a name in this one`;
    return failed(NAME, `${tls.certFile} is for ${names}, not for ${hostname}`, todo);
  }
  if (to - now < SOON_MS) return warning(NAME, `${tls.certFile} expires on ${day}`, renew);
  return ok(NAME, `${tls.certFile} is for ${hostname} and valid until ${day}`);
}
