// Queue `question`, one lane per owner: a request to the owner, by mail, to decide about the records held under a key.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, origin } from './parts.ts';
import { joinKey, noSubject, type RecordKind, renameFields } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('question'),
  origin,
  owner: address,
  uid: z.string(),
  /** The key under which the tasks are held. */
  key: z.string(),
  /** The event at the time when the first task was held; null: unknown. */
  calendar: z.string().nullable(),
  /** The day's limit was reached: the question is part of the next summary. */
  together: z.boolean(),
});

export type QuestionRecord = Readonly<z.infer<typeof schema>>;

export const question = {
  version: 2,
  queue: 'question',
  formerKind: 'held-notice',
  schema,
  upgrade: [(body) => ({ ...renameFields(body, { organizer: 'owner' }), kind: 'question' })],
  lane: ({ owner }) => owner.key,
  subject: ({ owner, uid }) => ({ ...noSubject, organizer: owner.key, uid }),
  text: ({ owner }) => `question to ${owner.asWritten}`,
} satisfies RecordKind<QuestionRecord>;

/** The hold key: one decision about a sender covers everything that this sender sent in this attendee's name. */
export function senderKey(organizer: CalendarAddress, attendee: CalendarAddress, sender: string): string {
  return joinKey(organizer.key, attendee.key, sender.toLowerCase());
}
