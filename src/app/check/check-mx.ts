// Checks whether mail from outside reaches this gateway. In: the reply or bounce domain; out: whether it has MX records and
// whether their servers accept the addresses that we signed and refuse forged ones. Only a server that verifies recipients
// with this gateway can distinguish the two.
import type { KeyRing } from '../../core/signing/types.ts';
import type { CheckDns } from './check-dns.ts';
import { type CheckResult, failed, messageOf, ok, skipped, warning } from './check-result.ts';
import { makeProbeAddresses, probeRecipients, type RecipientReplies } from './probe-recipients.ts';

export interface MxOptions {
  readonly what: 'replies' | 'bounces';
  readonly domain: string | null;
  readonly ring: KeyRing;
  readonly dns: CheckDns;
  /** Our name in EHLO. */
  readonly hostname: string;
  /** 25, except in tests. */
  readonly port: number;
  readonly now: number;
  /** Whether the check of a mail door succeeded; without a door, no mail can be accepted. */
  readonly doorIsOpen: boolean;
}

const VERIFY_RECIPIENTS =
  'let that server verify recipients with the gateway before it accepts a mail (Postfix: reject_unverified_recipient)';

export async function checkMx(options: MxOptions): Promise<CheckResult> {
  const { what, domain, dns } = options;
  const name = what === 'replies' ? 'reply MX' : 'bounce MX';
  if (domain === null) {
    return skipped(name, 'REPLY_DOMAIN is not set: your own mail server copies answers to REPLY_RECIPIENTS');
  }
  try {
    const hosts = await dns.mx(domain);
    const publish = `${domain}. MX 10 ${options.hostname}.   (or the server that passes its mail to the gateway)`;
    if (hosts.length === 0) return failed(name, `${domain} has no MX record`, 'publish one:', publish);
    if (hosts.includes('')) {
      return failed(name, `${domain} has a null MX: it accepts no mail`, 'publish this instead:', publish);
    }
    const results: CheckResult[] = [];
    for (const host of hosts) results.push(await checkHost(name, options, domain, host));
    const worst = results.find(({ status }) => status === 'failed') ?? results.find(({ status }) => status !== 'ok');
    return worst ?? results[0]!;
  } catch (error) {
    return failed(name, messageOf(error), 'set DNS_SERVERS to resolvers that answer, or repair those of this machine');
  }
}

async function checkHost(name: string, options: MxOptions, domain: string, host: string): Promise<CheckResult> {
  const { what, ring, dns, port, now, hostname, doorIsOpen } = options;
  const ips = await dns.addresses(host);
  if (ips.length === 0) {
    return failed(name, `the MX of ${domain}, ${host}, has no address`, `publish one: ${host}. A <its address>`);
  }
  const addresses = makeProbeAddresses(ring, what, domain, now);
  const faults: string[] = [];
  for (const ip of ips) {
    try {
      const replies = await probeRecipients({ host: ip, port, addresses, kind: 'smtp', hostname, tlsName: host });
      return judge(name, `${host} [${ip}]`, replies, doorIsOpen);
    } catch (error) {
      faults.push(messageOf(error));
    }
  }
  return failed(
    name,
    `the MX of ${domain}, ${host}, does not respond: ${faults.join('; ')}`,
    `start the mail server there and open port ${port}; if this network blocks outgoing mail, check from another one`,
  );
}

function judge(
  name: string,
  server: string,
  { signed, forged, tls }: RecipientReplies,
  doorIsOpen: boolean,
): CheckResult {
  if (signed.code >= 500) {
    return failed(
      name,
      `${server} refuses an address that we signed: ${signed.code} ${signed.text}`,
      doorIsOpen
        ? 'route the reply domain to SMTP_LISTEN or LMTP_LISTEN, and give every gateway the same GATEWAY_SECRETS'
        : 'open a mail door first: SMTP_LISTEN or LMTP_LISTEN',
    );
  }
  if (signed.code !== 250) {
    const todo = 'check again in a few minutes, in case of greylisting; otherwise read the log of that server';
    return failed(name, `${server} refuses our address for now: ${signed.code} ${signed.text}`, todo);
  }
  if (forged.code === 250) {
    const finding = `${server} accepts any address, so it does not show whether mail reaches this gateway`;
    return warning(name, finding, VERIFY_RECIPIENTS);
  }
  const reached = `${server} accepts signed addresses and refuses forged ones, so mail reaches this gateway`;
  if (tls === null) return warning(name, `${reached}; it does not offer STARTTLS`, 'give that server a certificate');
  if (tls.distrust !== null) {
    return warning(name, `${reached}; its certificate is not trusted: ${tls.distrust}`, 'renew or replace it');
  }
  return ok(name, `${reached}, with TLS`);
}
