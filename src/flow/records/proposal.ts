// Queue `event`: an attendee's COUNTER (RFC 5546 §3.2.7), which proposes another time.
import { z } from 'zod';
import type { ClaimedProposal } from '../../core/itip/types.ts';
import { address, holdReason, occurrence, origin, time } from './parts.ts';
import { aboutCopy, joinKey, type RecordKind } from './record-kind.ts';

const schema = z.object({
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
  }) satisfies z.ZodType<ClaimedProposal>,
  /** From of the mail, as shown to the organizer. */
  sender: z.string(),
  /** Why the organizer must confirm the sender first; null: the sender is proven. */
  held: holdReason.nullable(),
  /** The organizer accepted the sender. */
  approved: z.boolean(),
  /** The organizer declined the proposal: the attendee gets a DECLINECOUNTER. */
  declined: z.boolean(),
});

export type ProposalRecord = Readonly<z.infer<typeof schema>>;

export const proposal = {
  version: 2,
  queue: 'event',
  schema,
  upgrade: [(body) => ({ declined: false, ...body })],
  copy: ({ organizer: owner, proposal: { occurrence: of } }) => ({ owner, uid: of.uid }),
  subject: ({ organizer, attendee, proposal: { occurrence: of } }) =>
    aboutCopy(organizer, attendee, of.uid, of.recurrenceId),
  text: ({ attendee }) => `proposal of ${attendee.asWritten}`,
} satisfies RecordKind<ProposalRecord>;

/** The hold key: one decision covers everything that one attendee proposes for one occurrence. */
export function proposalKey({ organizer, attendee, proposal: { occurrence: of } }: ProposalRecord): string {
  return joinKey('proposal', organizer.key, attendee.key, of.uid, of.recurrenceId ?? '');
}
