// Queue `event`: an attendee's REFRESH (RFC 5546 §3.2.6), which requests the current event.
import { z } from 'zod';
import { address, origin } from './parts.ts';
import { type RecordKind } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('refresh'),
  origin,
  organizer: address,
  attendee: address,
  uid: z.string(),
});

export type RefreshRecord = Readonly<z.infer<typeof schema>>;

export const refresh: RecordKind<RefreshRecord> = {
  kind: 'refresh',
  version: 1,
  queue: 'event',
  schema,
  upgrade: [],
  copy: ({ organizer: owner, uid }) => ({ owner, uid }),
  origin: (body) => body.origin,
  subject: ({ organizer, attendee, uid }) => ({
    organizer: organizer.key,
    attendee: attendee.key,
    uid,
    recurrenceId: null,
  }),
  text: ({ attendee }) => `refresh request of ${attendee.asWritten}`,
};
