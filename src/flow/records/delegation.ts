// Queue `event`: an attendee delegates to somebody who is not on the guest list (RFC 5546 §3.2.2.3).
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, type Origin, origin } from './parts.ts';
import { copyLane, joinKey, type RecordKind } from './record-kind.ts';

export interface DelegationRecord {
  readonly kind: 'delegation';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly delegate: CalendarAddress;
  readonly uid: string;
  readonly recurrenceId: string | null;
  /** The organizer accepted the delegate. */
  readonly approved: boolean;
}

export const delegation: RecordKind<DelegationRecord> = {
  kind: 'delegation',
  version: 1,
  queue: 'event',
  schema: z.object({
    kind: z.literal('delegation'),
    origin,
    organizer: address,
    attendee: address,
    delegate: address,
    uid: z.string(),
    recurrenceId: z.string().nullable(),
    approved: z.boolean(),
  }),
  upgrade: [],
  lane: ({ organizer, uid }) => copyLane(organizer, uid),
  origin: (body) => body.origin,
  subject: ({ organizer, attendee, uid, recurrenceId }) => ({
    organizer: organizer.key,
    attendee: attendee.key,
    uid,
    recurrenceId,
  }),
  text: ({ attendee, delegate }) => `delegation from ${attendee.asWritten} to ${delegate.asWritten}`,
};

/** One decision for each delegate. */
export function delegationKey({ organizer, attendee, delegate, uid, recurrenceId }: DelegationRecord): string {
  return joinKey('delegation', organizer.key, attendee.key, delegate.key, uid, recurrenceId ?? '');
}
