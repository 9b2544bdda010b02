// Reads the Authentication-Results (RFC 8601) of a trusted relay or ARC sealer. In: a mail; out: the results per domain. It
// refuses results for another From domain than this mail's, because the relay may have checked another field than we read.
import { domainToASCII } from 'node:url';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type AuthenticationResults, type MethodResult, readAuthenticationResults } from './authentication-results.ts';
import { type DomainResult, asAuthResult } from './check-mail.ts';
import { organizationalDomain } from './dmarc.ts';
import { type SplitMail, valuesOf } from './header-fields.ts';

export interface RelayedResults {
  readonly dkim: readonly DomainResult[];
  readonly spf: DomainResult;
  /** null if the relay did not evaluate DMARC. */
  readonly dmarc: 'pass' | 'fail' | null;
}

/** Reads the topmost field of a trusted authserv-id. Returns null if there is none, or if it is for another From domain. */
export async function relayedResults(
  mail: ReceivedMail,
  split: SplitMail,
  fromDomain: string,
  trustedAuthservIds: readonly string[],
): Promise<RelayedResults | null> {
  if (!mail.peer.trustedRelay) return null;
  const trusted = new Set(trustedAuthservIds.map((id) => id.toLowerCase()));
  for (const value of valuesOf(split, 'authentication-results')) {
    const read = readAuthenticationResults(value);
    if (read === null || !trusted.has(read.authservId)) continue;
    const dmarc = await dmarcFor(read, fromDomain);
    return dmarc === 'other-domain' ? null : { ...domainResults(read), dmarc };
  }
  return null;
}

/**
 * Returns the DMARC result for that From domain; null if there is none; `other-domain` if it is for another or no domain.
 */
export async function dmarcFor(
  { results }: AuthenticationResults,
  fromDomain: string,
): Promise<'pass' | 'fail' | 'other-domain' | null> {
  const dmarc = results.find(({ method }) => method === 'dmarc');
  if (dmarc === undefined) return null;
  const checked = domainOf(dmarc.properties.get('header.from') ?? '');
  if (checked !== fromDomain && checked !== (await organizationalDomain(fromDomain))) return 'other-domain';
  return dmarc.result === 'pass' || dmarc.result === 'fail' ? dmarc.result : null;
}

function domainResults({ results }: AuthenticationResults): { dkim: DomainResult[]; spf: DomainResult } {
  const spf = results.find(({ method }) => method === 'spf');
  return {
    dkim: results.filter(({ method }) => method === 'dkim').map((one) => domainResult(one, 'header.d', 'header.i')),
    spf: spf === undefined ? { domain: null, result: 'none' } : domainResult(spf, 'smtp.mailfrom', 'smtp.helo'),
  };
}

function domainResult({ result, properties }: MethodResult, ...names: string[]): DomainResult {
  const value = names.map((name) => properties.get(name)).find((property) => property !== undefined);
  return { domain: value === undefined ? null : domainOf(value), result: asAuthResult(result) };
}

function domainOf(text: string): string {
  const domain = text.slice(text.lastIndexOf('@') + 1).toLowerCase();
  return domainToASCII(domain) || domain;
}
