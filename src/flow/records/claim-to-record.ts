// In: a claim whose sender has been judged; out: the record for the organizer's copy. Pure.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ClaimedItem, Door } from '../../core/itip/types.ts';
import type { HoldReason } from '../../core/reasons.ts';
import type { Origin } from './parts.ts';
import type { EventRecord } from './records.ts';

export interface JudgedClaim {
  readonly claim: ClaimedItem;
  readonly attendee: CalendarAddress;
  readonly organizer: CalendarAddress;
  /** Date of the mail; null: absent or unreadable. */
  readonly date: number | null;
  readonly receivedAt: number;
  readonly door: Door;
  readonly origin: Origin;
  readonly sender: string;
  /** Why the record is held; null: it is not held. */
  readonly held: HoldReason | null;
}

export function claimToRecord({
  claim,
  attendee,
  organizer,
  date,
  receivedAt,
  door,
  origin,
  sender,
  held,
}: JudgedClaim): EventRecord {
  switch (claim.kind) {
    case 'refresh':
      return { kind: 'refresh', origin, organizer, attendee, uid: claim.occurrence.uid };
    case 'proposal':
      return {
        kind: 'proposal',
        origin,
        organizer,
        attendee,
        proposal: claim,
        sender,
        held,
        approved: false,
        declined: false,
      };
    default: {
      const { component, occurrence, range, start, partstat, comment, delegatedTo, sequence, stampedAt } = claim;
      const revision = { sequence, sentAt: sentAt(stampedAt, date, receivedAt) };
      const answer = {
        component,
        occurrence,
        range,
        start,
        attendee,
        organizer,
        partstat,
        comment,
        delegatedTo,
        revision,
        door,
      };
      return { kind: 'answer', origin, answer, sender, held, approved: false };
    }
  }
}

/**
 * Returns when the answer was sent, in ms since 1970: the later of DTSTAMP and Date, because Outlook for Mac repeats
 * the invitation's DTSTAMP; but not after its arrival, because the sender's clock may be fast (RFC 5546 §2.1.5). The
 * arrival counts in whole seconds, as DTSTAMP and Date do; otherwise an answer from a fast clock could supersede one
 * that was sent later in the same second.
 */
export function sentAt(stampedAt: number | null, date: number | null, receivedAt: number): number {
  const stated = Math.max(stampedAt ?? Number.NEGATIVE_INFINITY, date ?? Number.NEGATIVE_INFINITY);
  const arrived = Math.floor(receivedAt / 1000) * 1000;
  return Number.isFinite(stated) ? Math.min(stated, arrived) : arrived;
}
