// Decides which recipients the mail doors accept. In: an address; out: whether it is a signed reply or bounce address, one of
// REPLY_RECIPIENTS, or postmaster. It refuses all others. It needs only the address and the keys, so that a flood of guessed
// addresses costs one hash each and no look-up.
import { domainToASCII } from 'node:url';
import { readBounceAddress } from './bounce-address.ts';
import { readReplyAddress } from './reply-address.ts';
import type { KeyRing } from './types.ts';

export interface RecipientPolicyOptions {
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  /** Null for the reply domain. */
  readonly bounceDomain: string | null;
  /** Addresses, or `@domain` for all addresses of a domain. */
  readonly replyRecipients: readonly string[];
}

/** Returns a predicate for RCPT addresses. They may be in any case, with U-labels or A-labels. */
export function recipientPolicy(options: RecipientPolicyOptions): (address: string) => boolean {
  const { ring, replyDomain } = options;
  const bounceDomain = options.bounceDomain ?? replyDomain;
  // RFC 5321 §4.5.1: postmaster at each of our domains, and without a domain.
  const listed = new Set(['postmaster', ...options.replyRecipients.map(foldAddress)]);
  for (const domain of [replyDomain, bounceDomain])
    if (domain !== null) listed.add(foldAddress(`postmaster@${domain}`));
  return (address) => {
    const folded = foldAddress(address);
    if (listed.has(folded) || listed.has(folded.slice(folded.lastIndexOf('@')))) return true;
    if (readReplyAddress(ring, folded, replyDomain) !== null) return true;
    return bounceDomain !== null && readBounceAddress(ring, folded, bounceDomain) !== null;
  };
}

/**
 * Converts the domain to lower case and A-labels, and keeps the local part. smtp-server returns U-labels, but DNS and the
 * keys of addresses need A-labels.
 */
export function foldDomain(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address;
  const domain = address.slice(at + 1).toLowerCase();
  return `${address.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

function foldAddress(address: string): string {
  return foldDomain(address).toLowerCase();
}
