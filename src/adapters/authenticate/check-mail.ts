// Our own checks of one mail with mailauth: DKIM (RFC 6376), SPF (RFC 7208), and a trusted sealer's ARC chain (RFC 8617).
// Work is bounded first: so many signatures, and none that leaves part of the body open. Nothing here throws at a mail.
import { type DKIMResult, type DKIMVerifyResult, arc, dkimVerify, spf } from 'mailauth';
import { CALENDAR_AGENTS } from '../../core/message/judge-sender.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type AuthenticationResults, readAuthenticationResults } from './authentication-results.ts';
import { type HeaderField, type SplitMail, joinMail, valuesOf } from './header-fields.ts';
import type { MailLookUp } from './resolver.ts';
import type { AuthResult } from '../../core/message/sender-evidence.ts';

export interface DomainResult {
  /** Lower case; null where there is none to speak of. */
  readonly domain: string | null;
  readonly result: AuthResult;
}

export interface SealedResults {
  readonly result: AuthResult;
  /** What the newest sealer saw; null where it does not say. */
  readonly results: AuthenticationResults | null;
}

/** What mailauth tells beyond its types. */
interface Signature extends DKIMResult {
  readonly algo?: string;
  readonly signingHeaders?: { readonly keys: string };
}

interface ArcEntry {
  readonly 'arc-seal'?: { readonly parsed?: { readonly d?: { readonly value?: string } } };
  readonly 'arc-authentication-results'?: { readonly original?: Uint8Array };
  readonly messageSignature?: Signature;
}

const MOST_SIGNATURES = 10;
/** A 4096-bit key over a long list of fields takes half of it. */
const LONGEST_SIGNATURE = 4 * 1024;

/** DKIM results of the mail, and its ARC chain where the newest seal is of `trustedSealers`. */
export async function checkSignatures(
  mail: ReceivedMail,
  split: SplitMail,
  trustedSealers: ReadonlySet<string>,
  dns: MailLookUp,
): Promise<{ readonly dkim: readonly DomainResult[]; readonly sealed: SealedResults | null }> {
  try {
    const verified = await dkimVerify(joinMail(withSignaturesThatCount(split, trustedSealers.size > 0)), {
      resolver: dns.lookUp,
      curTime: new Date(mail.receivedAt),
    });
    const dkim = verified.results
      .filter(({ signingDomain }) => Boolean(signingDomain))
      .map((signature) => ({
        domain: signature.signingDomain.toLowerCase(),
        result: resultOf(signature, split, dns),
      }));
    return { dkim, sealed: await checkSeal(verified, split, trustedSealers, dns) };
  } catch {
    // A mail on which mailauth stumbles proves nothing.
    return { dkim: [], sealed: null };
  }
}

/** The SPF result for the envelope sender, or HELO where that is empty (RFC 7208 §2.4). */
export async function checkSpf(mail: ReceivedMail, hostname: string, dns: MailLookUp): Promise<DomainResult> {
  const { envelope, peer } = mail;
  const domain = (envelope.mailFrom.split('@').at(-1) || peer.helo).toLowerCase();
  try {
    const { status } = await spf({
      sender: envelope.mailFrom,
      ip: peer.address,
      helo: peer.helo,
      mta: hostname,
      resolver: dns.lookUp,
    });
    if (status.result !== 'temperror') return { domain, result: asAuthResult(status.result) };
    return { domain, result: dns.failed.size > 0 ? 'temperror' : 'permerror' };
  } catch {
    return { domain, result: 'permerror' };
  }
}

/** `softfail`, `policy` and words that nobody defined prove nothing either way: `neutral`. */
export function asAuthResult(word: string): AuthResult {
  const known: readonly AuthResult[] = ['pass', 'fail', 'none', 'neutral', 'temperror', 'permerror'];
  return known.find((result) => result === word) ?? 'neutral';
}

/** Without signatures that leave the end of the body open (l=), without more than anybody uses, and without ARC unless wanted. */
function withSignaturesThatCount(split: SplitMail, withArc: boolean): SplitMail {
  const seals = split.fields.filter(({ name }) => name === 'arc-seal').length;
  const keepArc = withArc && seals <= MOST_SIGNATURES && !split.fields.some(isOverlongArc);
  let signatures = 0;
  const fields = split.fields.filter(({ name, value, raw }) => {
    if (name.startsWith('arc-')) return keepArc;
    if (name !== 'dkim-signature') return true;
    if (raw.length > LONGEST_SIGNATURE || /(?:^|;)\s*l\s*=/i.test(value)) return false;
    signatures += 1;
    return signatures <= MOST_SIGNATURES;
  });
  return { fields, rest: split.rest };
}

function isOverlongArc({ name, raw }: HeaderField): boolean {
  return raw.length > LONGEST_SIGNATURE && (name === 'arc-seal' || name === 'arc-message-signature');
}

function resultOf(signature: Signature, split: SplitMail, dns: MailLookUp): AuthResult {
  const { result } = signature.status;
  if (result === 'pass') return signsWhatItMust(signature, split) ? 'pass' : 'neutral';
  if (result !== 'temperror') return asAuthResult(result);
  const name = `${signature.selector ?? ''}._domainkey.${signature.signingDomain}`.toLowerCase();
  return dns.failed.has(name) ? 'temperror' : 'permerror';
}

/**
 * RFC 6376 §5.4: From has to be signed; RFC 8301: SHA-1 does not count. A calendar agent's signature must cover the fields
 * that say for whom it speaks, every one of them: a signature names a field once, and another of that name put on top
 * later leaves it valid.
 */
function signsWhatItMust(signature: Signature, split: SplitMail): boolean {
  if ((signature.algo ?? '').toLowerCase().endsWith('-sha1') || Boolean(signature.status.underSized)) return false;
  const signed = (signature.signingHeaders?.keys ?? '').toLowerCase().split(/\s*:\s*/);
  const isAgent = CALENDAR_AGENTS.some(({ domain }) => domain === signature.signingDomain.toLowerCase());
  const needed = isAgent ? ['from', 'sender', 'reply-to'] : ['from'];
  return needed.every((name) => signed.filter((each) => each === name).length >= valuesOf(split, name).length);
}

async function checkSeal(
  verified: DKIMVerifyResult,
  split: SplitMail,
  trustedSealers: ReadonlySet<string>,
  dns: MailLookUp,
): Promise<SealedResults | null> {
  const last = verified.arc?.lastEntry as ArcEntry | undefined;
  const sealer = last?.['arc-seal']?.parsed?.d?.value?.toLowerCase();
  if (verified.arc === undefined || sealer === undefined || !trustedSealers.has(sealer)) return null;
  const { status } = await arc(verified.arc as Parameters<typeof arc>[0], { resolver: dns.lookUp });
  const temporary = [...dns.failed].some((name) => name.endsWith(`._domainkey.${sealer}`));
  if (status.result !== 'pass') return { result: temporary ? 'temperror' : asAuthResult(status.result), results: null };
  if (last?.messageSignature === undefined || !signsWhatItMust(last.messageSignature, split)) {
    return { result: 'neutral', results: null };
  }
  const line = Buffer.from(last['arc-authentication-results']?.original ?? []).toString('utf8');
  const value = line.replace(/^[^:]*:\s*i\s*=\s*\d+\s*;/i, '');
  return { result: 'pass', results: readAuthenticationResults(value) };
}
