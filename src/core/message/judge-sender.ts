// Decides whether an answer counts, and for which attendee (RFC 6047 §2.2.1). In: the ATTENDEE of the calendar, the attendee
// of the reply address and the evidence about the sender; out: the attendee, or that the organizer must decide. It refuses
// no mail: without proof, the answer is held.
import type { SenderEvidence } from './sender-evidence.ts';
import { addressKey } from '../ical/calendar-address.ts';
import type { CalendarAddress } from '../ical/types.ts';
import type { HoldReason } from '../reasons.ts';

/**
 * `strict`: the sender must be the attendee, a confirmed alias or a calendar agent. `domain`: also accept a proven From in
 * the attendee's domain. `token`: also accept any From with a valid reply address, unless authentication failed.
 */
export type SenderPolicy = 'strict' | 'domain' | 'token';

export interface SenderClaim {
  readonly claim: { readonly attendee: CalendarAddress | null };
  /** The attendee of the signed reply address, null if the mail was sent to one of REPLY_RECIPIENTS. */
  readonly replyAddressAttendee: CalendarAddress | null;
  readonly evidence: SenderEvidence;
  /** Other addresses of this attendee, confirmed by the organizer. */
  readonly aliases: readonly string[];
  /** Whether the calendar was found in an attached message. */
  readonly forwarded: boolean;
  readonly policy: SenderPolicy;
}

export type SenderVerdict =
  | { readonly verdict: 'counts'; readonly attendee: CalendarAddress }
  | {
      readonly verdict: 'hold';
      readonly reason: Extract<HoldReason, 'several-from' | 'forwarded' | 'unauthenticated'>;
      /** The attendee for whom the answer would count, null if unknown. */
      readonly attendee: CalendarAddress | null;
    };

/**
 * Services that send answers on behalf of attendees, and the domain whose DKIM signature proves such a mail. Google Calendar
 * sends `Sender: calendar-notification@google.com`, with the attendee in From or Reply-To.
 */
export const CALENDAR_AGENTS: readonly { readonly address: string; readonly domain: string }[] = [
  { address: 'calendar-notification@google.com', domain: 'google.com' },
];

/** Returns `counts` with the attendee, or `hold` with the reason and the attendee for whom the answer would count. */
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
  const counts = replyAddressAttendee === null ? countsByProofAlone(input, own) : countsWithReplyAddress(input, own);
  return counts ? { verdict: 'counts', attendee } : hold('unauthenticated');
}

/**
 * The signed reply address is itself a proof, because only the recipient of the invitation knows it. So From must belong to
 * the attendee, as the policy requires, but need not be authenticated. Failed authentication is never accepted.
 */
function countsWithReplyAddress({ claim, evidence, policy }: SenderClaim, own: ReadonlySet<string>): boolean {
  // An ATTENDEE that is not a mailto URI (iCloud sends principal paths) is null and does not contradict the reply address.
  const fits = claim.attendee === null || own.has(claim.attendee.key);
  if (!fits || hasFailed(evidence)) return false;
  if (isOwnFrom(evidence, own) || isAgentFor(evidence, own)) return true;
  if (policy === 'token') return evidence.from.length === 1;
  return policy === 'domain' && isProven(evidence) && isOfDomain(evidence, own);
}

/** Without a reply address, the sender must be authenticated. */
function countsByProofAlone({ evidence, policy }: SenderClaim, own: ReadonlySet<string>): boolean {
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
 * Returns whether DMARC failed under p=quarantine or p=reject (RFC 7489 §6.3), or could not be evaluated. A broken signature
 * or a failure under p=none is not a failure here, because mailing lists and forwarders cause both.
 */
function hasFailed({ dmarc, arc }: SenderEvidence): boolean {
  if (hasTrustedArc(arc) || dmarc.result === 'pass') return false;
  if (dmarc.result === 'temperror') return true;
  return dmarc.result === 'fail' && (dmarc.policy === 'quarantine' || dmarc.policy === 'reject');
}

/**
 * Returns whether the From domain is authenticated, by DMARC or by a trusted ARC sealer. If the domain has no DMARC policy,
 * aligned DKIM or SPF is sufficient.
 */
function isProven({ dmarc, dkim, spf, arc }: SenderEvidence): boolean {
  if (dmarc.result === 'pass' || hasTrustedArc(arc)) return true;
  if (dmarc.result !== 'none' || dmarc.policy !== null) return false;
  return [...dkim, spf].some(({ aligned, result }) => aligned && result === 'pass');
}

function hasTrustedArc(arc: SenderEvidence['arc']): boolean {
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
