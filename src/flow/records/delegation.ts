// Queue `event`: an attendee delegates to somebody who is not on the guest list (RFC 5546 §3.2.2.3).
import { z } from 'zod';
import { address, origin } from './parts.ts';
import { aboutCopy, joinKey, type RecordKind } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('delegation'),
  origin,
  organizer: address,
  attendee: address,
  delegate: address,
  uid: z.string(),
  recurrenceId: z.string().nullable(),
  /** The organizer accepted the delegate. */
  approved: z.boolean(),
});

export type DelegationRecord = Readonly<z.infer<typeof schema>>;

export const delegation = {
  version: 1,
  queue: 'event',
  schema,
  copy: ({ organizer: owner, uid }) => ({ owner, uid }),
  subject: ({ organizer, attendee, uid, recurrenceId }) => aboutCopy(organizer, attendee, uid, recurrenceId),
  text: ({ attendee, delegate }) => `delegation from ${attendee.asWritten} to ${delegate.asWritten}`,
} satisfies RecordKind<DelegationRecord>;

/** The hold key: one decision covers one delegate of one attendee and occurrence. */
export function delegationKey({ organizer, attendee, delegate, uid, recurrenceId }: DelegationRecord): string {
  return joinKey('delegation', organizer.key, attendee.key, delegate.key, uid, recurrenceId ?? '');
}
