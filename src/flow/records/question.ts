// Queue `question`, a lane for each owner: what is held under that key is to be asked of the owner by mail.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, type Origin, origin } from './parts.ts';
import { joinKey, noSubject, type RecordKind, renameFields } from './record-kind.ts';

export interface QuestionRecord {
  readonly kind: 'question';
  readonly origin: Origin;
  readonly owner: CalendarAddress;
  readonly uid: string;
  /** The key under which tasks are held. */
  readonly key: string;
  /** The event as known when it was held; null: unknown. */
  readonly calendar: string | null;
  /** The day's limit was reached: asked in one mail with others. */
  readonly together: boolean;
}

export const question: RecordKind<QuestionRecord> = {
  kind: 'question',
  version: 2,
  queue: 'question',
  formerKind: 'held-notice',
  schema: z.object({
    kind: z.literal('question'),
    origin,
    owner: address,
    uid: z.string(),
    key: z.string(),
    calendar: z.string().nullable(),
    together: z.boolean(),
  }),
  upgrade: [(body) => ({ ...renameFields(body, { organizer: 'owner' }), kind: 'question' })],
  lane: ({ owner }) => owner.key,
  origin: (body) => body.origin,
  subject: ({ owner, uid }) => ({ ...noSubject, organizer: owner.key, uid }),
  text: ({ owner }) => `question to ${owner.asWritten}`,
};

/** Groups what one decision about a sender covers: all that this sender sent in this attendee's name. */
export function senderKey(organizer: CalendarAddress, attendee: CalendarAddress, sender: string): string {
  return joinKey(organizer.key, attendee.key, sender.toLowerCase());
}
