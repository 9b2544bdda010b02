// DMARC (RFC 7489). In: the From domain; out: its policy, and whether another domain is aligned with it. mailauth reads the
// record and has the list of public suffixes. The caller computes the result, because mailauth treats adkim=s and aspf=s as
// relaxed. It refuses nothing.
import { dmarc } from 'mailauth';
import type { LookUp } from './resolver.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';

export interface DmarcRecord {
  readonly policy: NonNullable<SenderEvidence['dmarc']['policy']>;
  readonly strictDkim: boolean;
  readonly strictSpf: boolean;
}

/** Returns null if no policy is published. Throws the resolver's error if the look-up fails temporarily. */
export async function lookUpDmarc(fromDomain: string, lookUp: LookUp): Promise<DmarcRecord | null> {
  let failure: unknown = null;
  const found = await dmarc({
    headerFrom: fromDomain,
    resolver: (name, type) =>
      lookUp(name, type).catch((error: unknown) => {
        failure = error;
        throw error;
      }),
  });
  if (found === false || found.status.result === 'none') return null;
  if (found.status.result === 'temperror') throw failure;
  return {
    policy: readPolicy(found.policy),
    strictDkim: found.alignment.dkim.strict,
    strictSpf: found.alignment.spf.strict,
  };
}

/** Returns whether the domains are equal, or under relaxed alignment share an organizational domain (RFC 7489 §3.1). */
export async function isAligned(domain: string, fromDomain: string, strict: boolean): Promise<boolean> {
  if (strict || domain === fromDomain) return domain === fromDomain;
  return (await organizationalDomain(domain)) === (await organizationalDomain(fromDomain));
}

/** Uses the public suffix list. A public suffix is its own organizational domain. */
export async function organizationalDomain(domain: string): Promise<string> {
  const found = await dmarc({ headerFrom: domain, resolver: () => Promise.resolve([]) });
  return found === false ? domain : found.domain;
}

function readPolicy(text: string | undefined): DmarcRecord['policy'] {
  const policy = text?.trim().toLowerCase();
  return policy === 'reject' || policy === 'quarantine' ? policy : 'none';
}
