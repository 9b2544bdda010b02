// Queue `event`: an attendee's COUNTER (RFC 5546 §3.2.7), which proposes another time.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ClaimedProposal } from '../../core/itip/types.ts';
import type { HoldReason } from '../../core/reasons.ts';
import { address, holdReason, occurrence, type Origin, origin, time } from './parts.ts';
import { joinKey, type RecordKind } from './record-kind.ts';

export interface ProposalRecord {
  readonly kind: 'proposal';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly proposal: ClaimedProposal;
  /** From of the mail, as shown to the organizer. */
  readonly sender: string;
  /** Why the organizer must confirm the sender first; null: the sender is proven. */
  readonly held: HoldReason | null;
  /** The organizer accepted the sender. */
  readonly approved: boolean;
  /** The organizer declined the proposal: the attendee gets a DECLINECOUNTER. */
  readonly declined: boolean;
}

export const proposal: RecordKind<ProposalRecord> = {
  kind: 'proposal',
  version: 2,
  queue: 'event',
  schema: z.object({
    kind: z.literal('proposal'),
    origin,
    organizer: address,
    attendee: address,
    proposal: z.object({
      kind: z.literal('proposal'),
      occurrence,
      attendee: address.nullable(),
      organizer: address.nullable(),
      start: time.nullable(),
      end: time.nullable(),
      comment: z.string().nullable(),
      sequence: z.number().nullable(),
      stampedAt: z.number().nullable(),
    }),
    sender: z.string(),
    held: holdReason.nullable(),
    approved: z.boolean(),
    declined: z.boolean(),
  }),
  upgrade: [(body) => ({ declined: false, ...body })],
  copy: ({ organizer: owner, proposal: { occurrence: of } }) => ({ owner, uid: of.uid }),
  origin: (body) => body.origin,
  subject: (body) => ({ organizer: body.organizer.key, attendee: body.attendee.key, ...body.proposal.occurrence }),
  text: ({ attendee }) => `proposal of ${attendee.asWritten}`,
};

/** The hold key: one decision covers everything that one attendee proposes for one occurrence. */
export function proposalKey({ organizer, attendee, proposal: { occurrence: of } }: ProposalRecord): string {
  return joinKey('proposal', organizer.key, attendee.key, of.uid, of.recurrenceId ?? '');
}
