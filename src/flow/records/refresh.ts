// Queue `event`: an attendee's REFRESH (RFC 5546 §3.2.6), which requests the current event.
import { z } from 'zod';
import { address, origin } from './parts.ts';
import { aboutCopy, type RecordKind } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('refresh'),
  origin,
  organizer: address,
  attendee: address,
  uid: z.string(),
});

export type RefreshRecord = Readonly<z.infer<typeof schema>>;

export const refresh = {
  version: 1,
  queue: 'event',
  schema,
  copy: ({ organizer: owner, uid }) => ({ owner, uid }),
  subject: ({ organizer, attendee, uid }) => aboutCopy(organizer, attendee, uid),
  text: ({ attendee }) => `refresh request of ${attendee.asWritten}`,
} satisfies RecordKind<RefreshRecord>;
