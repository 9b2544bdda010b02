// Checks one mail with mailauth: DKIM (RFC 6376), SPF (RFC 7208) and a trusted sealer's ARC chain (RFC 8617). In: a mail;
// out: results per domain. It ignores signatures over a maximum number or length, and those that do not cover the whole
// body. It never throws.
import { type DKIMResult, type DKIMVerifyResult, arc, dkimVerify, spf } from 'mailauth';
import { CALENDAR_AGENTS } from '../../core/message/judge-sender.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type AuthenticationResults, readAuthenticationResults } from './authentication-results.ts';
import { type HeaderField, type SplitMail, joinMail, valuesOf } from './header-fields.ts';
import type { MailLookUp } from './resolver.ts';
import type { AuthResult } from '../../core/message/sender-evidence.ts';

export interface DomainResult {
  /** Lower case; null if the result names none. */
  readonly domain: string | null;
  readonly result: AuthResult;
}

export interface SealedResults {
  readonly result: AuthResult;
  /** The Authentication-Results of the newest sealer; null if there are none. */
  readonly results: AuthenticationResults | null;
}

/** Properties of mailauth's results that its types omit. */
interface Signature extends DKIMResult {
  readonly algo?: string;
  readonly signingHeaders?: { readonly keys: string };
}

interface ArcEntry {
  readonly 'arc-seal'?: { readonly parsed?: { readonly d?: { readonly value?: string } } };
  readonly 'arc-authentication-results'?: { readonly original?: Uint8Array };
  readonly messageSignature?: Signature;
}

const MAX_SIGNATURES = 10;
/** Twice the length of a signature by a 4096-bit key over a long list of fields. */
const MAX_SIGNATURE_LENGTH = 4 * 1024;

/** Returns the DKIM results, and the result of the ARC chain if a trusted sealer made the newest seal. */
export async function checkSignatures(
  mail: ReceivedMail,
  split: SplitMail,
  trustedSealers: ReadonlySet<string>,
  dns: MailLookUp,
): Promise<{ readonly dkim: readonly DomainResult[]; readonly sealed: SealedResults | null }> {
  try {
    const verified = await dkimVerify(joinMail(withoutIgnoredSignatures(split, trustedSealers.size > 0)), {
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
    // A mail that makes mailauth throw proves nothing.
    return { dkim: [], sealed: null };
  }
}

/** Returns the SPF result for the envelope sender, or for HELO if the sender is empty (RFC 7208 §2.4). */
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

/** Maps `softfail`, `policy` and unknown words to `neutral`, because they neither prove nor disprove anything. */
export function asAuthResult(word: string): AuthResult {
  const known: readonly AuthResult[] = ['pass', 'fail', 'none', 'neutral', 'temperror', 'permerror'];
  return known.find((result) => result === word) ?? 'neutral';
}

/**
 * Removes signatures that leave the end of the body unsigned (l=), overlong ones and those beyond the maximum number.
 * Removes the ARC fields unless `withArc` is true and they are within the limits.
 */
function withoutIgnoredSignatures(split: SplitMail, withArc: boolean): SplitMail {
  const seals = split.fields.filter(({ name }) => name === 'arc-seal').length;
  const keepArc = withArc && seals <= MAX_SIGNATURES && !split.fields.some(isOverlongArc);
  let signatures = 0;
  const fields = split.fields.filter(({ name, value, raw }) => {
    if (name.startsWith('arc-')) return keepArc;
    if (name !== 'dkim-signature') return true;
    if (raw.length > MAX_SIGNATURE_LENGTH || /(?:^|;)\s*l\s*=/i.test(value)) return false;
    signatures += 1;
    return signatures <= MAX_SIGNATURES;
  });
  return { fields, rest: split.rest };
}

function isOverlongArc({ name, raw }: HeaderField): boolean {
  return raw.length > MAX_SIGNATURE_LENGTH && (name === 'arc-seal' || name === 'arc-message-signature');
}

function resultOf(signature: Signature, split: SplitMail, dns: MailLookUp): AuthResult {
  const { result } = signature.status;
  if (result === 'pass') return coversRequiredFields(signature, split) ? 'pass' : 'neutral';
  if (result !== 'temperror') return asAuthResult(result);
  const name = `${signature.selector ?? ''}._domainkey.${signature.signingDomain}`.toLowerCase();
  return dns.failed.has(name) ? 'temperror' : 'permerror';
}

/**
 * Returns whether a valid signature counts. It must cover From (RFC 6376 §5.4) and must not use SHA-1 (RFC 8301). A calendar
 * agent's signature must also cover Sender and Reply-To, which name the person that it acts for. Every field of that name
 * must be covered: a signature stays valid if another field with a signed name is added on top.
 */
function coversRequiredFields(signature: Signature, split: SplitMail): boolean {
  if ((signature.algo ?? '').toLowerCase().endsWith('-sha1') || Boolean(signature.status.underSized)) return false;
  const signed = (signature.signingHeaders?.keys ?? '').toLowerCase().split(/\s*:\s*/);
  const isAgent = CALENDAR_AGENTS.some(({ domain }) => domain === signature.signingDomain.toLowerCase());
  const required = isAgent ? ['from', 'sender', 'reply-to'] : ['from'];
  return required.every((name) => signed.filter((each) => each === name).length >= valuesOf(split, name).length);
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
  if (last?.messageSignature === undefined || !coversRequiredFields(last.messageSignature, split)) {
    return { result: 'neutral', results: null };
  }
  const line = Buffer.from(last['arc-authentication-results']?.original ?? []).toString('utf8');
  const value = line.replace(/^[^:]*:\s*i\s*=\s*\d+\s*;/i, '');
  return { result: 'pass', results: readAuthenticationResults(value) };
}
