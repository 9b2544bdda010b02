// Queue `event`: re-read the copy and apply again the answers that another client has overwritten with a stale version.
import { z } from 'zod';
import { address } from './parts.ts';
import { noSubject, type RecordKind, renameFields } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('verify'),
  owner: address,
  uid: z.string(),
  /** How many re-reads in a row found overwritten answers and applied them again. */
  round: z.number(),
});

export type VerifyRecord = Readonly<z.infer<typeof schema>>;

export const verify = {
  version: 2,
  queue: 'event',
  schema,
  upgrade: [(body) => renameFields(body, { organizer: 'owner' })],
  copy: (body) => body,
  subject: ({ owner, uid }) => ({ ...noSubject, organizer: owner.key, uid }),
  text: () => 're-read of the event',
} satisfies RecordKind<VerifyRecord>;
