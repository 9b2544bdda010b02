// Chooses one person's claims in a message that lists several ATTENDEEs: clients send back the whole event (RFC 5546 §4.2.4), or a
// line for each address of their user. In: the claims of the message and the person's addresses; out: that person's claims. The
// other lines prove nothing and change nothing. It refuses nothing: whether a claim counts is judged later.
import type { Partstat } from '../ical/types.ts';
import type { ClaimedItem } from './types.ts';

/**
 * Returns all claims if they are of one ATTENDEE. Otherwise returns, for each occurrence, the claims of the first of the
 * addresses that the message lists; [] if it lists none of them.
 */
export function claimsOf(claims: readonly ClaimedItem[], addresses: readonly string[]): readonly ClaimedItem[] {
  return withoutUnanswered(listsSeveral(claims) ? ofFirstListed(claims, addresses) : claims);
}

/** Returns whether the claims are of several ATTENDEEs. */
export function listsSeveral(claims: readonly ClaimedItem[]): boolean {
  return new Set(claims.map(({ attendee }) => attendee?.key)).size > 1;
}

function ofFirstListed(claims: readonly ClaimedItem[], addresses: readonly string[]): readonly ClaimedItem[] {
  const rankOf = ({ attendee }: ClaimedItem): number => (attendee === null ? -1 : addresses.indexOf(attendee.key));
  const listed = claims.filter((claim) => rankOf(claim) >= 0);
  const first = new Map<string, number>();
  for (const claim of listed) {
    const key = occurrenceOf(claim);
    first.set(key, Math.min(rankOf(claim), first.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return listed.filter((claim) => rankOf(claim) === first.get(occurrenceOf(claim)));
}

/**
 * In a whole event that is sent back, an occurrence without an answer has NEEDS-ACTION. NEEDS-ACTION withdraws an earlier answer
 * only if the message has no other answer for that event.
 */
function withoutUnanswered(claims: readonly ClaimedItem[]): readonly ClaimedItem[] {
  const answered = new Set(claims.filter(isAnswered).map(({ occurrence }) => occurrence.uid));
  return claims.filter((claim) => partstatIn(claim) !== 'NEEDS-ACTION' || !answered.has(claim.occurrence.uid));
}

/** Returns whether the claim states an answer other than NEEDS-ACTION. */
export function isAnswered(claim: ClaimedItem): boolean {
  return ![null, 'NEEDS-ACTION'].includes(partstatIn(claim));
}

function partstatIn(claim: ClaimedItem): Partstat | null {
  return claim.kind === 'answer' ? claim.partstat : null;
}

function occurrenceOf({ kind, occurrence }: ClaimedItem): string {
  return JSON.stringify([kind, occurrence.uid, occurrence.recurrenceId]);
}
