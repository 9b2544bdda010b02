// Translates settings into the options of the adapters. In: a Config; out: options of the calendar store, the submission and
// the mail doors, for the gateway and for `imip-gateway check`. It throws if the file of the DKIM key cannot be read.
import { readFile } from 'node:fs/promises';
import { hostname as systemHostname } from 'node:os';
import type { CalDavAuth } from '../../adapters/caldav/authorize.ts';
import type { CalendarStoreOptions } from '../../adapters/caldav/open-calendar-store.ts';
import type { Config } from './config.ts';
import { GatewayError } from '../../core/errors.ts';
import { recipientPolicy } from '../../core/signing/recipient-policy.ts';
import type { MailDoorOptions } from '../../doors/mail/smtp-door.ts';
import type { SubmissionOptions } from '../../adapters/submission/open-submission.ts';

/** Our name in SMTP. */
export function hostnameOf(config: Config): string {
  return config.gatewayHostname ?? systemHostname();
}

export function calendarStoreOptions(config: Config): CalendarStoreOptions {
  return { url: config.caldavUrl, auth: caldavAuth(config), home: config.caldavHome };
}

/** Throws `config-invalid` if DKIM_KEY cannot be read. */
export async function submissionOptions(config: Config): Promise<SubmissionOptions> {
  return { url: config.smtpUrl, hostname: hostnameOf(config), dkim: await readDkim(config) };
}

export function mailDoorOptions(
  config: Config,
): Pick<MailDoorOptions, 'hostname' | 'acceptsRecipient' | 'tls' | 'trustedRelays' | 'limits'> {
  const { smtpTlsCert: certFile, smtpTlsKey: keyFile } = config;
  return {
    hostname: hostnameOf(config),
    acceptsRecipient: recipientPolicy({
      ring: config.secrets,
      replyDomain: config.replyDomain,
      bounceDomain: config.bounceDomain ?? config.replyDomain,
      replyRecipients: config.replyRecipients ?? [],
    }),
    tls: certFile === null || keyFile === null ? null : { certFile, keyFile },
    trustedRelays: config.trustedRelays ?? [],
    limits: { messageBytes: config.mailSizeLimit },
  };
}

function caldavAuth(config: Config): CalDavAuth {
  const { kind } = config.caldavAuth;
  switch (config.caldavAuth.kind) {
    case 'basic':
      return { kind: 'basic', username: config.caldavUsername ?? '', password: config.caldavPassword ?? '' };
    case 'remote-user': {
      // Cyrus trusts such a header only from a service account, so its login is sent as well.
      const { caldavUsername: username, caldavPassword: password } = config;
      return { ...config.caldavAuth, ...(username !== null && { username }), ...(password !== null && { password }) };
    }
    case 'accounts':
      return config.caldavAuth;
    default:
      return { kind: kind === 'ls' ? 'ls' : 'api-key', key: config.caldavOutboundApiKey ?? '' };
  }
}

async function readDkim(config: Config): Promise<{ domain: string; selector: string; key: string } | null> {
  const { dkimDomain: domain, dkimSelector: selector, dkimKey: file } = config;
  if (domain === null || selector === null || file === null) return null;
  try {
    return { domain, selector, key: await readFile(file, 'utf8') };
  } catch (cause) {
    throw new GatewayError('config-invalid', `DKIM_KEY names a file that cannot be read: ${file}`, { cause });
  }
}
