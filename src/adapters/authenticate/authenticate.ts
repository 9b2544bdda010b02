// Collects the evidence for who sent a mail. In: a received mail; out: the results of DKIM, SPF, DMARC and ARC, from our own
// checks or from a trusted relay's Authentication-Results. `core/message/judge-sender.ts` decides whose answer counts. Time
// and DNS look-ups are limited for every mail. It throws `dns-temporary` if a DNS failure could change the verdict.
import { GatewayError } from '../../core/errors.ts';
import { CALENDAR_AGENTS } from '../../core/message/judge-sender.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type DomainResult, type SealedResults, checkSignatures, checkSpf } from './check-mail.ts';
import { type DmarcRecord, isAligned, lookUpDmarc } from './dmarc.ts';
import { addressesOf, splitHeader, valuesOf } from './header-fields.ts';
import { hasClientAddress } from './client-address.ts';
import { dmarcFor, relayedResults } from './relayed-results.ts';
import { type DnsLimits, type DnsCache, type MailLookUp, openDns } from './resolver.ts';
import type { Authenticator } from '../../flow/ports/authenticator.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';

export interface AuthenticatorOptions {
  /** As `ip:port`; null means the system's resolvers. */
  readonly dnsServers: readonly string[] | null;
  readonly trustedAuthservIds: readonly string[];
  readonly trustedArcSealers: readonly string[];
  readonly hostname: string;
  readonly dnsLimits?: Partial<DnsLimits>;
}

/** The results per domain, from our own checks or from a relay. */
interface Checks {
  readonly dkim: readonly DomainResult[];
  readonly spf: DomainResult;
  readonly sealed: SealedResults | null;
  /** The relay's result; null means that we evaluate DMARC. */
  readonly dmarc: 'pass' | 'fail' | null;
}

type Facts = Pick<SenderEvidence, 'dkim' | 'spf' | 'dmarc' | 'arc'>;

const DNS_LIMITS: DnsLimits = { perMail: 60, deadlineMs: 10_000, cacheMs: 60_000 };

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
  dns: DnsCache,
  lastTry: boolean,
): Promise<SenderEvidence> {
  const split = splitHeader(mail.raw);
  if (split === null) {
    return { from: [], fromFields: 0, sender: null, replyTo: [], ...NO_FACTS, fromRelay: false };
  }
  const header = {
    from: addressesOf(split, 'from'),
    fromFields: valuesOf(split, 'from').length,
    sender: addressesOf(split, 'sender')[0] ?? null,
    replyTo: addressesOf(split, 'reply-to'),
  };
  const [from = '', ...others] = header.from;
  const fromDomain = from.slice(from.lastIndexOf('@') + 1);
  // DMARC is defined for one author (RFC 7489 §6.6.1). A mail with several is held in any case, so nothing is checked.
  if (fromDomain === '' || others.length > 0 || header.fromFields > 1) {
    return { ...header, ...NO_FACTS, fromRelay: false };
  }
  const relayed = await relayedResults(mail, split, fromDomain, options.trustedAuthservIds);
  const lookUps = dns.forMail();
  const sealers = new Set(options.trustedArcSealers.map((sealer) => sealer.toLowerCase()));
  const [signatures, spf] =
    relayed === null
      ? await Promise.all([
          checkSignatures(mail, split, sealers, lookUps),
          hasClientAddress(mail.peer) ? checkSpf(mail, options.hostname, lookUps) : NO_FACTS.spf,
        ])
      : [{ dkim: relayed.dkim, sealed: null }, relayed.spf];
  const checks: Checks = { ...signatures, spf, dmarc: relayed?.dmarc ?? null };
  // A separate limit, so that the records of other domains cannot use up the look-ups for the From domain's policy.
  const { facts, undecided } = await evaluate(checks, fromDomain, dns.forMail());
  if (undecided && !lastTry) {
    throw new GatewayError('dns-temporary', `DNS look-ups for ${fromDomain} failed temporarily`, { temporary: true });
  }
  return { ...header, ...facts, fromRelay: relayed !== null };
}

/** `undecided` means that a DNS look-up failed temporarily and its answer could change the verdict. */
async function evaluate(
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
  const all = [...dkim, spf];
  const alignedPass = all.some(({ result, aligned }) => aligned && result === 'pass');
  // The same domain is aligned under strict and under relaxed alignment, so this holds even if the policy is unknown.
  const samePass = all.some(({ result, domain }) => result === 'pass' && domain === fromDomain);
  const pending = all.some(({ result, aligned, domain }) => result === 'temperror' && (aligned || isAgent(domain)));
  const result = checks.dmarc ?? dmarcResult(record, { alignedPass, samePass, pending });
  const sealed = checks.sealed?.results ? await dmarcFor(checks.sealed.results, fromDomain) : null;
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
      (result !== 'pass' && !alignedPass && (pending || checks.sealed?.result === 'temperror')),
  };
}

function dmarcResult(
  record: DmarcRecord | null | 'unknown',
  { alignedPass, samePass, pending }: { alignedPass: boolean; samePass: boolean; pending: boolean },
): SenderEvidence['dmarc']['result'] {
  if (record === null) return 'none';
  if (record === 'unknown') return samePass ? 'pass' : 'temperror';
  if (alignedPass) return 'pass';
  return pending ? 'temperror' : 'fail';
}

async function policyOf(fromDomain: string, dns: MailLookUp): Promise<DmarcRecord | null | 'unknown'> {
  try {
    return await lookUpDmarc(fromDomain, dns.lookUp);
  } catch {
    // A permanent failure means that the name cannot exist in DNS, so it has no policy.
    return dns.failed.size > 0 ? 'unknown' : null;
  }
}

function isAgent(domain: string | null): boolean {
  return CALENDAR_AGENTS.some((agent) => agent.domain === domain);
}
