// The way of an answer: MX of the reply domain, each server behind it, and whether what it says of two addresses shows that
// it asks this gateway. Bounces go the same way where their domain is another.
import type { KeyRing } from '../../core/signing/types.ts';
import { askRecipients, type RecipientAnswers, signedNames } from './ask-recipients.ts';
import { attention, failed, messageOf, ok, skipped } from './link.ts';
import type { CheckDns } from './look-up.ts';
import type { Link } from './types.ts';

export interface MxOptions {
  readonly what: 'replies' | 'bounces';
  readonly domain: string | null;
  readonly ring: KeyRing;
  readonly dns: CheckDns;
  /** What we call ourselves. */
  readonly hostname: string;
  /** 25, but for tests. */
  readonly port: number;
  readonly now: number;
  /** What the doors' own link says: without a listener nothing can be reached. */
  readonly doorIsOpen: boolean;
}

const VERIFY =
  'let it ask before it takes a mail (Postfix: reject_unverified_recipient), so that guesses are refused there';

export async function checkMx(options: MxOptions): Promise<Link> {
  const { what, domain, dns } = options;
  const name = what === 'replies' ? 'reply MX' : 'bounce MX';
  if (domain === null) {
    return skipped(
      name,
      'REPLY_DOMAIN is not set: answers come to REPLY_RECIPIENTS, by the rules of your own mail server',
    );
  }
  try {
    const hosts = await dns.mx(domain);
    const publish = `${domain}. MX 10 ${options.hostname}.   (or the server that hands its mail to the gateway)`;
    if (hosts.length === 0) return failed(name, `${domain} has no MX record`, 'publish one:', publish);
    if (hosts.includes(''))
      return failed(name, `${domain} has a null MX: it takes no mail`, 'publish instead:', publish);
    const links: Link[] = [];
    for (const host of hosts) links.push(await checkHost(name, options, domain, host));
    return links.find(({ status }) => status === 'failed') ?? links.find(({ status }) => status !== 'ok') ?? links[0]!;
  } catch (error) {
    return failed(name, messageOf(error), 'set DNS_SERVERS to resolvers that answer, or mend those of this machine');
  }
}

async function checkHost(name: string, options: MxOptions, domain: string, host: string): Promise<Link> {
  const { what, ring, dns, port, now, hostname, doorIsOpen } = options;
  const addresses = await dns.addresses(host);
  if (addresses.length === 0) {
    return failed(name, `the MX of ${domain}, ${host}, has no address`, `publish one: ${host}. A <its address>`);
  }
  const names = signedNames(ring, what, domain, now);
  const faults: string[] = [];
  for (const address of addresses) {
    try {
      const answers = await askRecipients({ host: address, port, names, kind: 'smtp', hostname, tlsName: host });
      return judge(name, `${host} [${address}]`, answers, doorIsOpen);
    } catch (error) {
      faults.push(messageOf(error));
    }
  }
  return failed(
    name,
    `the MX of ${domain}, ${host}, does not talk to us: ${faults.join('; ')}`,
    `start the mail server there and open port ${port}; where this network lets no mail out, check from elsewhere`,
  );
}

function judge(name: string, where: string, { signed, guessed, tls }: RecipientAnswers, doorIsOpen: boolean): Link {
  if (signed.code >= 500) {
    return failed(
      name,
      `${where} refuses an address that we signed: ${signed.code} ${signed.text}`,
      doorIsOpen
        ? 'route the reply domain to SMTP_LISTEN or LMTP_LISTEN, and give every gateway the same GATEWAY_SECRETS'
        : 'open a door first: SMTP_LISTEN or LMTP_LISTEN',
    );
  }
  if (signed.code !== 250) {
    const todo = 'greylisting ends by itself: check again in some minutes; otherwise look at its log';
    return failed(name, `${where} does not take our address now: ${signed.code} ${signed.text}`, todo);
  }
  if (guessed.code === 250) {
    return attention(
      name,
      `${where} takes mail for any address there, so the way to us cannot be seen from here`,
      VERIFY,
    );
  }
  const reached = `${where} takes what we sign and refuses the rest: mail reaches this gateway`;
  if (tls === null) return attention(name, `${reached}; it offers no STARTTLS`, 'give that server a certificate');
  if (tls.distrust !== null) {
    return attention(name, `${reached}; its certificate is not to be trusted: ${tls.distrust}`, 'renew or replace it');
  }
  return ok(name, `${reached}, by TLS`);
}
