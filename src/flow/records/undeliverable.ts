// Queue `event`: a mail about the owner's copy did not reach its recipient.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, type Origin, origin } from './parts.ts';
import { copyLane, type RecordKind, renameFields } from './record-kind.ts';
import { partiesOf } from './schedule-message.ts';

export interface UndeliverableRecord {
  readonly kind: 'undeliverable';
  readonly origin: Origin;
  /** In whose name it was mailed: the organizer, or the attendee of a REPLY. */
  readonly owner: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly uid: string;
  /** METHOD of the mail. */
  readonly method: string;
  /** What the server said. */
  readonly diagnostic: string;
}

export const undeliverable: RecordKind<UndeliverableRecord> = {
  kind: 'undeliverable',
  version: 2,
  queue: 'event',
  schema: z.object({
    kind: z.literal('undeliverable'),
    origin,
    owner: address,
    recipient: address,
    uid: z.string(),
    method: z.string(),
    diagnostic: z.string(),
  }),
  upgrade: [(body) => ({ method: 'REQUEST', ...renameFields(body, { organizer: 'owner', attendee: 'recipient' }) })],
  lane: ({ owner, uid }) => copyLane(owner, uid),
  origin: (body) => body.origin,
  subject: ({ owner, recipient, uid, method }) => ({
    ...partiesOf({ from: owner, to: recipient, method }),
    uid,
    recurrenceId: null,
  }),
  text: ({ recipient }) => `delivery failure of ${recipient.asWritten}`,
};
