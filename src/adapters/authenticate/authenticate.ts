// Who sent this mail: DKIM, SPF, DMARC and ARC by our own checks, or what a trusted relay wrote down. Facts only; whose
// answer counts is decided by `itip/judge-sender.ts`. Time and look-ups are bounded for every mail.
import { GatewayError } from '../../core/errors.ts';
import { CALENDAR_AGENTS } from '../../core/message/judge-sender.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type DomainResult, type SealedResults, checkSignatures, checkSpf } from './check-mail.ts';
import { type DmarcRecord, isAligned, lookUpDmarc } from './dmarc.ts';
import { addressesOf, splitHeader, valuesOf } from './header-fields.ts';
import { tellsClientAddress } from './client-address.ts';
import { dmarcAbout, relayedResults } from './relayed-results.ts';
import { type DnsLimits, type DnsMemory, type MailLookUp, openDns } from './resolver.ts';
import type { Authenticator } from '../../flow/ports/authenticator.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';

export interface AuthenticatorOptions {
  /** `ip:port`; null: the system's resolvers. */
  readonly dnsServers: readonly string[] | null;
  readonly trustedAuthservIds: readonly string[];
  readonly trustedArcSealers: readonly string[];
  readonly hostname: string;
  readonly dnsLimits?: Partial<DnsLimits>;
}

/** What is known of the domains that could speak for the mail, whoever checked them. */
interface Checks {
  readonly dkim: readonly DomainResult[];
  readonly spf: DomainResult;
  readonly sealed: SealedResults | null;
  /** As a relay saw it; null: to be evaluated. */
  readonly dmarc: 'pass' | 'fail' | null;
}

type Facts = Pick<SenderEvidence, 'dkim' | 'spf' | 'dmarc' | 'arc'>;

const DNS_LIMITS: DnsLimits = { perMail: 60, deadlineMs: 10_000, rememberMs: 60_000 };

const NO_FACTS: Facts = {
  dkim: [],
  spf: { result: 'none', domain: null, aligned: false },
  dmarc: { result: 'none', policy: null },
  arc: { result: 'none', trustedSealer: false, dmarcPassed: false },
};

export function openAuthenticator(options: AuthenticatorOptions): Authenticator {
  const dns = openDns(options.dnsServers, { ...DNS_LIMITS, ...options.dnsLimits });
  return {
    authenticate: (mail, lastTry = false) => gatherEvidence(mail, options, dns, lastTry),
    close: () => dns.close(),
  };
}

async function gatherEvidence(
  mail: ReceivedMail,
  options: AuthenticatorOptions,
  dns: DnsMemory,
  lastTry: boolean,
): Promise<SenderEvidence> {
  const split = splitHeader(mail.raw);
  if (split === null) {
    return { from: [], fromFields: 0, sender: null, replyTo: [], ...NO_FACTS, fromRelay: false };
  }
  const named = {
    from: addressesOf(split, 'from'),
    fromFields: valuesOf(split, 'from').length,
    sender: addressesOf(split, 'sender')[0] ?? null,
    replyTo: addressesOf(split, 'reply-to'),
  };
  const [from = '', ...others] = named.from;
  const fromDomain = from.slice(from.lastIndexOf('@') + 1);
  // RFC 7489 §6.6.1: DMARC is about one author. Several are held, whatever else is known.
  if (fromDomain === '' || others.length > 0 || named.fromFields > 1) {
    return { ...named, ...NO_FACTS, fromRelay: false };
  }
  const relayed = await relayedResults(mail, split, fromDomain, options.trustedAuthservIds);
  const looking = dns.forMail();
  const sealers = new Set(options.trustedArcSealers.map((sealer) => sealer.toLowerCase()));
  const [signatures, spf] =
    relayed === null
      ? await Promise.all([
          checkSignatures(mail, split, sealers, looking),
          tellsClientAddress(mail.peer) ? checkSpf(mail, options.hostname, looking) : NO_FACTS.spf,
        ])
      : [{ dkim: relayed.dkim, sealed: null }, relayed.spf];
  const checks: Checks = { ...signatures, spf, dmarc: relayed?.dmarc ?? null };
  // A count of its own: nobody else's records may use up what the From domain's policy needs.
  const { facts, undecided } = await weigh(checks, fromDomain, dns.forMail());
  if (undecided && !lastTry) {
    throw new GatewayError('dns-temporary', `DNS does not answer about ${fromDomain} for now`, { temporary: true });
  }
  return { ...named, ...facts, fromRelay: relayed !== null };
}

/** `undecided`: DNS owes us an answer that could still change the verdict. */
async function weigh(
  checks: Checks,
  fromDomain: string,
  dns: MailLookUp,
): Promise<{ readonly facts: Facts; readonly undecided: boolean }> {
  const record = await policyOf(fromDomain, dns);
  const policy = record === 'unknown' ? null : record;
  const align = async (one: DomainResult, strict: boolean) => ({
    ...one,
    aligned: one.domain !== null && (await isAligned(one.domain, fromDomain, strict)),
  });
  const dkim = await Promise.all(checks.dkim.map((one) => align(one, policy?.strictDkim ?? false)));
  const spf = await align(checks.spf, policy?.strictSpf ?? false);
  const speaking = [...dkim, spf];
  const proven = speaking.some(({ result, aligned }) => aligned && result === 'pass');
  // Aligned whatever the policy says of alignment.
  const surely = speaking.some(({ result, domain }) => result === 'pass' && domain === fromDomain);
  const owed = speaking.some(({ result, aligned, domain }) => result === 'temperror' && (aligned || isAgent(domain)));
  const result = checks.dmarc ?? dmarcResult(record, { proven, surely, owed });
  const sealed = checks.sealed?.results ? await dmarcAbout(checks.sealed.results, fromDomain) : null;
  return {
    facts: {
      dkim: dkim.flatMap(({ domain, ...rest }) => (domain === null ? [] : { domain, ...rest })),
      spf,
      dmarc: { result, policy: policy?.policy ?? null },
      arc: {
        result: checks.sealed?.result ?? 'none',
        trustedSealer: checks.sealed !== null,
        dmarcPassed: sealed === 'pass',
      },
    },
    undecided:
      result === 'temperror' ||
      (result === 'fail' && record === 'unknown') ||
      (result !== 'pass' && !proven && (owed || checks.sealed?.result === 'temperror')),
  };
}

function dmarcResult(
  record: DmarcRecord | null | 'unknown',
  { proven, surely, owed }: { proven: boolean; surely: boolean; owed: boolean },
): SenderEvidence['dmarc']['result'] {
  if (record === null) return 'none';
  if (record === 'unknown') return surely ? 'pass' : 'temperror';
  if (proven) return 'pass';
  return owed ? 'temperror' : 'fail';
}

async function policyOf(fromDomain: string, dns: MailLookUp): Promise<DmarcRecord | null | 'unknown'> {
  try {
    return await lookUpDmarc(fromDomain, dns.lookUp);
  } catch {
    // A domain that DNS cannot be asked about publishes nothing.
    return dns.failed.size > 0 ? 'unknown' : null;
  }
}

function isAgent(domain: string | null): boolean {
  return CALENDAR_AGENTS.some((agent) => agent.domain === domain);
}
