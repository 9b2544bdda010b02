// Whose answer counts. What the calendar claims, whom the reply address belongs to and what is known about the sender come
// in; the attendee whose answer it is goes out, or that a person has to decide. A mail is never dropped here.
import type { SenderEvidence } from './sender-evidence.ts';
import { addressKey } from '../ical/calendar-address.ts';
import type { CalendarAddress } from '../ical/types.ts';
import type { HoldReason } from '../reasons.ts';

/** `strict`: see below. `domain`: also an aligned From of the attendee's domain. `token`: also any From that did not fail. */
export type SenderPolicy = 'strict' | 'domain' | 'token';

export interface SenderClaim {
  readonly claim: { readonly attendee: CalendarAddress | null };
  /** The attendee of the signed reply address; null: the mail came to one of REPLY_RECIPIENTS. */
  readonly replyAddressAttendee: CalendarAddress | null;
  readonly evidence: SenderEvidence;
  /** Addresses that the organizer has confirmed to be this attendee's. */
  readonly aliases: readonly string[];
  /** The calendar was found inside a forwarded message. */
  readonly forwarded: boolean;
  readonly policy: SenderPolicy;
}

export type SenderVerdict =
  | { readonly verdict: 'counts'; readonly attendee: CalendarAddress }
  | {
      readonly verdict: 'hold';
      readonly reason: Extract<HoldReason, 'several-from' | 'forwarded' | 'unauthenticated'>;
      /** Whose answer it would be. */
      readonly attendee: CalendarAddress | null;
    };

/**
 * Calendars that send a person's answer in their own name, and the domain whose DKIM signature proves it.
 * Google Calendar: `Sender: calendar-notification@google.com`, From or Reply-To the person.
 */
export const CALENDAR_AGENTS: readonly { readonly address: string; readonly domain: string }[] = [
  { address: 'calendar-notification@google.com', domain: 'google.com' },
];

export function judgeSender(input: SenderClaim): SenderVerdict {
  const { claim, evidence, forwarded, replyAddressAttendee } = input;
  const attendee = replyAddressAttendee ?? claim.attendee;
  const hold = (reason: 'several-from' | 'forwarded' | 'unauthenticated'): SenderVerdict => ({
    verdict: 'hold',
    reason,
    attendee,
  });
  if (evidence.fromFields > 1 || evidence.from.length > 1) return hold('several-from');
  if (forwarded) return hold('forwarded');
  if (attendee === null) return hold('unauthenticated');
  const own = new Set([attendee.key, ...input.aliases.map(addressKey)]);
  const counts = replyAddressAttendee === null ? countsByProof(input, own) : countsByReplyAddress(input, own);
  return counts ? { verdict: 'counts', attendee } : hold('unauthenticated');
}

/** The reply address is a proof by itself: few know it. So the rest must only fit, and nothing may have failed. */
function countsByReplyAddress({ claim, evidence, policy }: SenderClaim, own: ReadonlySet<string>): boolean {
  // An ATTENDEE that is no mailto: (iCloud's principal paths) names nobody else either.
  const fits = claim.attendee === null || own.has(claim.attendee.key);
  if (!fits || hasFailed(evidence)) return false;
  if (isOwnFrom(evidence, own) || isAgentFor(evidence, own)) return true;
  if (policy === 'token') return evidence.from.length === 1;
  return policy === 'domain' && isProven(evidence) && isOfDomain(evidence, own);
}

/** Without a reply address the sender has to be proven. */
function countsByProof({ evidence, policy }: SenderClaim, own: ReadonlySet<string>): boolean {
  if (isAgentFor(evidence, own) && !hasFailed(evidence)) return true;
  if (!isProven(evidence)) return false;
  return isOwnFrom(evidence, own) || (policy === 'domain' && isOfDomain(evidence, own));
}

function isOwnFrom(evidence: SenderEvidence, own: ReadonlySet<string>): boolean {
  const [from] = evidence.from;
  return from !== undefined && own.has(addressKey(from));
}

function isAgentFor(evidence: SenderEvidence, own: ReadonlySet<string>): boolean {
  const names = [evidence.sender, ...evidence.from];
  const agent = CALENDAR_AGENTS.find(({ address }) => names.includes(address));
  if (agent === undefined) return false;
  const signed = evidence.dkim.some(({ domain, result }) => domain === agent.domain && result === 'pass');
  return signed && [...evidence.from, ...evidence.replyTo].some((address) => own.has(addressKey(address)));
}

/**
 * DMARC failed where its owner asks for that to matter (RFC 7489 §6.3), or could not be told. A broken signature or a fail
 * under p=none is merely no proof: mailing lists and forwarders break both.
 */
function hasFailed({ dmarc, arc }: SenderEvidence): boolean {
  if (vouchedFor(arc) || dmarc.result === 'pass') return false;
  if (dmarc.result === 'temperror') return true;
  return dmarc.result === 'fail' && (dmarc.policy === 'quarantine' || dmarc.policy === 'reject');
}

/** The From domain stands behind this mail. */
function isProven({ dmarc, dkim, spf, arc }: SenderEvidence): boolean {
  if (dmarc.result === 'pass' || vouchedFor(arc)) return true;
  if (dmarc.result !== 'none' || dmarc.policy !== null) return false;
  return [...dkim, spf].some(({ aligned, result }) => aligned && result === 'pass');
}

function vouchedFor(arc: SenderEvidence['arc']): boolean {
  return arc.result === 'pass' && arc.trustedSealer && arc.dmarcPassed;
}

function isOfDomain(evidence: SenderEvidence, own: ReadonlySet<string>): boolean {
  const [from = ''] = evidence.from;
  const [attendee = ''] = own;
  return domainOf(addressKey(from)) === domainOf(attendee) && domainOf(attendee) !== '';
}

function domainOf(key: string): string {
  const at = key.lastIndexOf('@');
  return at < 0 ? '' : key.slice(at + 1);
}
