// Queue `event`: a mail about the owner's copy could not be delivered to its recipient.
import { z } from 'zod';
import { address, origin } from './parts.ts';
import { type RecordKind, renameFields } from './record-kind.ts';
import { partiesOf } from './schedule-message.ts';

const schema = z.object({
  kind: z.literal('undeliverable'),
  origin,
  /** The calendar user in whose name it was mailed: the organizer, or the attendee of a REPLY. */
  owner: address,
  recipient: address,
  uid: z.string(),
  /** METHOD of the mail. */
  method: z.string(),
  /** The server's response or the text of the delivery report. */
  diagnostic: z.string(),
});

export type UndeliverableRecord = Readonly<z.infer<typeof schema>>;

export const undeliverable = {
  version: 2,
  queue: 'event',
  schema,
  upgrade: [(body) => ({ method: 'REQUEST', ...renameFields(body, { organizer: 'owner', attendee: 'recipient' }) })],
  copy: (body) => body,
  subject: ({ owner, recipient, uid, method }) => ({
    ...partiesOf({ from: owner, to: recipient, method }),
    uid,
    recurrenceId: null,
  }),
  text: ({ recipient }) => `delivery failure of ${recipient.asWritten}`,
} satisfies RecordKind<UndeliverableRecord>;
