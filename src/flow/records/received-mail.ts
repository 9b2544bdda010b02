// Queue `incoming`: a mail as a door received it. Its bytes are the task's `raw`. Each mail has a lane of its own.
import { z } from 'zod';
import type { Envelope, PeerFacts } from '../../core/message/types.ts';
import { noSubject, type RecordKind } from './record-kind.ts';

export interface ReceivedMailRecord {
  readonly kind: 'mail';
  readonly envelope: Envelope;
  readonly peer: PeerFacts;
  /** ms since 1970. */
  readonly receivedAt: number;
}

export const receivedMail: RecordKind<ReceivedMailRecord> = {
  kind: 'mail',
  version: 1,
  queue: 'incoming',
  schema: z.object({
    kind: z.literal('mail'),
    envelope: z.object({ mailFrom: z.string(), rcptTo: z.array(z.string()) }),
    peer: z.object({
      door: z.enum(['smtp', 'lmtp']),
      address: z.string(),
      helo: z.string(),
      tls: z.boolean(),
      trustedRelay: z.boolean(),
      xclient: z.boolean(),
    }),
    receivedAt: z.number(),
  }),
  upgrade: [],
  lane: (_body, id) => id,
  origin: ({ peer }, id) => ({ recordId: id, door: peer.door, messageId: null }),
  subject: () => noSubject,
  text: ({ envelope }) => `mail from ${envelope.mailFrom === '' ? '<>' : envelope.mailFrom}`,
};
