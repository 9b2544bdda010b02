// What somebody trusted wrote down about a mail: the relay's Authentication-Results (RFC 8601) or a sealer's. Believed only
// where it is about this mail's From, for a relay may have judged another field than we read.
import { domainToASCII } from 'node:url';
import type { ReceivedMail } from '../../core/message/types.ts';
import { type AuthenticationResults, type MethodResult, readAuthenticationResults } from './authentication-results.ts';
import { type DomainResult, asAuthResult } from './check-mail.ts';
import { organizationalDomain } from './dmarc.ts';
import { type SplitMail, valuesOf } from './header-fields.ts';

export interface RelayedResults {
  readonly dkim: readonly DomainResult[];
  readonly spf: DomainResult;
  /** null: the relay evaluated none. */
  readonly dmarc: 'pass' | 'fail' | null;
}

/** From the topmost field of a listed authserv-id; null: none, or not about this From. */
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
    const dmarc = await dmarcAbout(read, fromDomain);
    return dmarc === 'another' ? null : { ...domainResults(read), dmarc };
  }
  return null;
}

/** DMARC for that From domain; null: no verdict; `another`: about another From, or it does not say. */
export async function dmarcAbout(
  { results }: AuthenticationResults,
  fromDomain: string,
): Promise<'pass' | 'fail' | 'another' | null> {
  const dmarc = results.find(({ method }) => method === 'dmarc');
  if (dmarc === undefined) return null;
  const about = domainOf(dmarc.properties.get('header.from') ?? '');
  if (about !== fromDomain && about !== (await organizationalDomain(fromDomain))) return 'another';
  return dmarc.result === 'pass' || dmarc.result === 'fail' ? dmarc.result : null;
}

function domainResults({ results }: AuthenticationResults): { dkim: DomainResult[]; spf: DomainResult } {
  const spf = results.find(({ method }) => method === 'spf');
  return {
    dkim: results.filter(({ method }) => method === 'dkim').map((one) => told(one, 'header.d', 'header.i')),
    spf: spf === undefined ? { domain: null, result: 'none' } : told(spf, 'smtp.mailfrom', 'smtp.helo'),
  };
}

function told({ result, properties }: MethodResult, ...names: string[]): DomainResult {
  const value = names.map((name) => properties.get(name)).find((property) => property !== undefined);
  return { domain: value === undefined ? null : domainOf(value), result: asAuthResult(result) };
}

function domainOf(text: string): string {
  const domain = text.slice(text.lastIndexOf('@') + 1).toLowerCase();
  return domainToASCII(domain) || domain;
}
