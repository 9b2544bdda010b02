// Queue `event`: an attendee delegates to somebody who is not on the guest list (RFC 5546 §3.2.2.3).
import { z } from 'zod';
import { address, origin } from './parts.ts';
import { joinKey, type RecordKind } from './record-kind.ts';

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

export const delegation: RecordKind<DelegationRecord> = {
  kind: 'delegation',
  version: 1,
  queue: 'event',
  schema,
  upgrade: [],
  copy: ({ organizer: owner, uid }) => ({ owner, uid }),
  origin: (body) => body.origin,
  subject: ({ organizer, attendee, uid, recurrenceId }) => ({
    organizer: organizer.key,
    attendee: attendee.key,
    uid,
    recurrenceId,
  }),
  text: ({ attendee, delegate }) => `delegation from ${attendee.asWritten} to ${delegate.asWritten}`,
};

/** The hold key: one decision covers one delegate of one attendee and occurrence. */
export function delegationKey({ organizer, attendee, delegate, uid, recurrenceId }: DelegationRecord): string {
  return joinKey('delegation', organizer.key, attendee.key, delegate.key, uid, recurrenceId ?? '');
}
