// Queue `incoming`: a mail as a door received it. Its bytes are the task's `raw`. Each mail has its own lane.
import { z } from 'zod';
import { noSubject, type RecordKind } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('mail'),
  /** The SMTP envelope. */
  envelope: z.object({ mailFrom: z.string(), rcptTo: z.array(z.string()).readonly() }),
  /** The SMTP or LMTP client that delivered the mail. */
  peer: z.object({
    door: z.enum(['smtp', 'lmtp']),
    address: z.string(),
    helo: z.string(),
    tls: z.boolean(),
    trustedRelay: z.boolean(),
    xclient: z.boolean(),
  }),
  /** ms since 1970. */
  receivedAt: z.number(),
});

export type ReceivedMailRecord = Readonly<z.infer<typeof schema>>;

export const receivedMail = {
  version: 1,
  queue: 'incoming',
  schema,
  lane: (_body, id) => id,
  origin: ({ peer }, id) => ({ recordId: id, door: peer.door, messageId: null }),
  subject: () => noSubject,
  text: ({ envelope }) => `mail from ${envelope.mailFrom === '' ? '<>' : envelope.mailFrom}`,
} satisfies RecordKind<ReceivedMailRecord>;
