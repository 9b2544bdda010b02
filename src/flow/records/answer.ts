// Queue `event`: one attendee's answer about one occurrence, for the organizer's copy.
import { z } from 'zod';
import type { Answer } from '../../core/itip/types.ts';
import type { HoldReason } from '../../core/reasons.ts';
import { address, holdReason, occurrence, type Origin, origin, partstat, time } from './parts.ts';
import type { OldBody, RecordKind } from './record-kind.ts';

export interface AnswerRecord {
  readonly kind: 'answer';
  readonly origin: Origin;
  readonly answer: Answer;
  /** From of the mail, as shown to the organizer; for a web answer, the attendee. */
  readonly sender: string;
  /** Why only the organizer may accept it, whatever the calendar says; null: the sender is proven. */
  readonly held: HoldReason | null;
  /** The organizer accepted it. */
  readonly approved: boolean;
}

export const answer: RecordKind<AnswerRecord> = {
  kind: 'answer',
  version: 2,
  queue: 'event',
  schema: z.object({
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
      delegatedTo: z.array(address),
      revision: z.object({ sequence: z.number().nullable(), sentAt: z.number() }),
      door: z.enum(['smtp', 'lmtp', 'web']),
      shown: z.object({ recurrenceId: z.string().nullable(), schedule: z.string() }).optional(),
    }),
    sender: z.string(),
    held: holdReason.nullable(),
    approved: z.boolean(),
  }),
  // Version 2 may have further reasons in `held`, no PARTSTAT, the DTSTART of the answer, and the time that the page showed.
  upgrade: [(body) => ({ ...body, answer: { start: null, ...(body['answer'] as OldBody) } })],
  copy: ({ answer: { organizer: owner, occurrence: of } }) => ({ owner, uid: of.uid }),
  origin: (body) => body.origin,
  subject: ({ answer: { organizer, attendee, occurrence: of } }) => ({
    organizer: organizer.key,
    attendee: attendee.key,
    ...of,
  }),
  text: ({ answer: { attendee } }) => `answer of ${attendee.asWritten}`,
};
