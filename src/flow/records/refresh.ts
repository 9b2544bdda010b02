// Queue `event`: an attendee's REFRESH (RFC 5546 §3.2.6), a request for the current event.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, type Origin, origin } from './parts.ts';
import { copyLane, type RecordKind } from './record-kind.ts';

export interface RefreshRecord {
  readonly kind: 'refresh';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly uid: string;
}

export const refresh: RecordKind<RefreshRecord> = {
  kind: 'refresh',
  version: 1,
  queue: 'event',
  schema: z.object({
    kind: z.literal('refresh'),
    origin,
    organizer: address,
    attendee: address,
    uid: z.string(),
  }),
  upgrade: [],
  lane: ({ organizer, uid }) => copyLane(organizer, uid),
  origin: (body) => body.origin,
  subject: ({ organizer, attendee, uid }) => ({
    organizer: organizer.key,
    attendee: attendee.key,
    uid,
    recurrenceId: null,
  }),
  text: ({ attendee }) => `refresh request of ${attendee.asWritten}`,
};
