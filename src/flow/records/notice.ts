// Queue `event`: a notice to the owner of a copy that is mailed later: an answer in the next digest
// (NOTIFY_ORGANIZER=digest), or a decision that could not be carried out.
import { z } from 'zod';
import { address, origin, partstat, reason } from './parts.ts';
import { aboutCopy, type RecordKind, renameFields } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('notice'),
  origin,
  owner: address,
  uid: z.string(),
  notice: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('answer'),
      attendee: address,
      partstat,
      comment: z.string().nullable(),
      recurrenceId: z.string().nullable(),
    }),
    z.object({ kind: z.literal('not-entered'), attendee: address, reason: z.union([reason, z.literal('failed')]) }),
  ]),
});

export type NoticeRecord = Readonly<z.infer<typeof schema>>;

export const notice = {
  version: 2,
  queue: 'event',
  schema,
  upgrade: [(body) => renameFields(body, { organizer: 'owner' })],
  copy: (body) => body,
  subject: ({ owner, uid, notice: { attendee } }) => aboutCopy(owner, attendee, uid),
  text: ({ owner }) => `notice to ${owner.asWritten}`,
} satisfies RecordKind<NoticeRecord>;
