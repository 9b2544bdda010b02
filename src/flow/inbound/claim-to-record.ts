// A claim whose sender was judged, as the record for the organizer's copy. Pure.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ClaimedItem, Door } from '../../core/itip/types.ts';
import type { HoldReason } from '../../core/reasons.ts';
import type { MailFacts } from '../../core/message/types.ts';
import type { Origin } from '../records/parts.ts';
import type { EventRecord } from '../records/records.ts';

export interface JudgedClaim {
  readonly claim: ClaimedItem;
  readonly attendee: CalendarAddress;
  readonly organizer: CalendarAddress;
  readonly mail: MailFacts;
  readonly receivedAt: number;
  readonly door: Door;
  readonly origin: Origin;
  readonly sender: string;
  /** The reason why it is held; null: it counts. */
  readonly held: HoldReason | null;
}

export function claimToRecord({
  claim,
  attendee,
  organizer,
  mail,
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
      const { component, occurrence, range, partstat, comment, delegatedTo, sequence, stampedAt } = claim;
      const revision = { sequence, sentAt: sentAt(stampedAt, mail.date, receivedAt) };
      const answer = {
        component,
        occurrence,
        range,
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
 * When it was sent, ms: the later of DTSTAMP and Date, as Outlook for Mac repeats the invitation's DTSTAMP; clamped to
 * its arrival, as clocks lie (RFC 5546 §2.1.5). In whole seconds, as both of them are: an answer whose clock ran ahead
 * must not beat the one that was sent later in the same second.
 */
export function sentAt(stampedAt: number | null, date: number | null, receivedAt: number): number {
  const said = Math.max(stampedAt ?? Number.NEGATIVE_INFINITY, date ?? Number.NEGATIVE_INFINITY);
  const arrived = Math.floor(receivedAt / 1000) * 1000;
  return Number.isFinite(said) ? Math.min(said, arrived) : arrived;
}
