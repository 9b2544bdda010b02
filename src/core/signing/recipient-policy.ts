// Which recipients the mail doors accept: a reply or bounce address that we signed, REPLY_RECIPIENTS, postmaster. Decided
// from the address and the keys alone, so that a flood of guesses costs a hash each and no look-up.
import { domainToASCII } from 'node:url';
import { readBounceAddress } from './bounce-address.ts';
import { readReplyAddress } from './reply-address.ts';
import type { KeyRing } from './types.ts';

export interface RecipientPolicyOptions {
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  /** null: the reply domain's. */
  readonly bounceDomain: string | null;
  /** Addresses, or `@domain` for all of one. */
  readonly replyRecipients: readonly string[];
}

/** Says of a RCPT address, in any case and with U-labels or A-labels, whether its mail is ours. */
export function recipientPolicy(options: RecipientPolicyOptions): (address: string) => boolean {
  const { ring, replyDomain } = options;
  const bounceDomain = options.bounceDomain ?? replyDomain;
  // RFC 5321 §4.5.1: postmaster at each domain that we serve, and without one.
  const named = new Set(['postmaster', ...options.replyRecipients.map(foldAddress)]);
  for (const domain of [replyDomain, bounceDomain]) if (domain !== null) named.add(foldAddress(`postmaster@${domain}`));
  return (address) => {
    const folded = foldAddress(address);
    if (named.has(folded) || named.has(folded.slice(folded.lastIndexOf('@')))) return true;
    if (replyDomain !== null && readReplyAddress(ring, folded, replyDomain) !== null) return true;
    return bounceDomain !== null && readBounceAddress(ring, folded, bounceDomain) !== null;
  };
}

/** The domain in lower case and A-labels, the local part as it is: smtp-server gives U-labels, DNS and keys want the others. */
export function foldDomain(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address;
  const domain = address.slice(at + 1).toLowerCase();
  return `${address.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

function foldAddress(address: string): string {
  return foldDomain(address).toLowerCase();
}
