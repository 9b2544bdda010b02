// DMARC (RFC 7489): the From domain's policy, and which domains are aligned with it. mailauth reads the record and knows the
// public suffixes; the verdict is the caller's, because mailauth takes adkim=s and aspf=s for relaxed.
import { dmarc } from 'mailauth';
import type { LookUp } from './resolver.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';

export interface DmarcRecord {
  readonly policy: NonNullable<SenderEvidence['dmarc']['policy']>;
  readonly strictDkim: boolean;
  readonly strictSpf: boolean;
}

/** null: none is published. Throws the resolver's error where DNS does not answer. */
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

/** RFC 7489 §3.1: the same domain, or where relaxed the same organizational domain. */
export async function isAligned(domain: string, fromDomain: string, strict: boolean): Promise<boolean> {
  if (strict || domain === fromDomain) return domain === fromDomain;
  return (await organizationalDomain(domain)) === (await organizationalDomain(fromDomain));
}

/** By the public suffix list; a suffix itself is its own. */
export async function organizationalDomain(domain: string): Promise<string> {
  const found = await dmarc({ headerFrom: domain, resolver: () => Promise.resolve([]) });
  return found === false ? domain : found.domain;
}

function readPolicy(text: string | undefined): DmarcRecord['policy'] {
  const policy = text?.trim().toLowerCase();
  return policy === 'reject' || policy === 'quarantine' ? policy : 'none';
}
