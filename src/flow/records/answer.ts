// Queue `event`: one attendee's answer about one occurrence, for the organizer's copy.
import { z } from 'zod';
import type { Answer } from '../../core/itip/types.ts';
import { address, holdReason, occurrence, origin, partstat, time } from './parts.ts';
import { aboutCopy, type OldBody, type RecordKind } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('answer'),
  origin,
  answer: z.object({
    component: z.enum(['VEVENT', 'VTODO']),
    occurrence,
    range: z.literal('THISANDFUTURE').nullable(),
    start: time.nullable(),
    attendee: address,
    organizer: address,
    partstat: partstat.nullable(),
    comment: z.string().nullable(),
    delegatedTo: z.array(address).readonly(),
    revision: z.object({ sequence: z.number().nullable(), sentAt: z.number() }),
    door: z.enum(['smtp', 'lmtp', 'web', 'callback']),
    shown: z.object({ recurrenceId: z.string().nullable(), schedule: z.string() }).optional(),
  }) satisfies z.ZodType<Answer>,
  /** From of the mail, as shown to the organizer; for a web answer, the attendee. */
  sender: z.string(),
  /** Why the organizer must accept the answer first; null: the sender is proven. */
  held: holdReason.nullable(),
  /** The organizer accepted it. */
  approved: z.boolean(),
});

export type AnswerRecord = Readonly<z.infer<typeof schema>>;

export const answer = {
  version: 2,
  queue: 'event',
  schema,
  // Version 2 adds `start` and `shown`, more reasons in `held`, null for `partstat`, and the door `callback`.
  upgrade: [(body) => ({ ...body, answer: { start: null, ...(body['answer'] as OldBody) } })],
  copy: ({ answer: { organizer: owner, occurrence: of } }) => ({ owner, uid: of.uid }),
  subject: ({ answer: { organizer, attendee, occurrence: of } }) =>
    aboutCopy(organizer, attendee, of.uid, of.recurrenceId),
  text: ({ answer: { attendee } }) => `answer of ${attendee.asWritten}`,
} satisfies RecordKind<AnswerRecord>;
