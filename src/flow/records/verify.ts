// Queue `event`: re-read the copy and apply again the answers that somebody's stale copy has overwritten.
import { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { address, type Origin, origin } from './parts.ts';
import { copyLane, noSubject, type RecordKind, renameFields } from './record-kind.ts';

export interface VerifyRecord {
  readonly kind: 'verify';
  readonly origin: Origin;
  readonly owner: CalendarAddress;
  readonly uid: string;
  /** How often in a row answers have been applied again. */
  readonly round: number;
}

export const verify: RecordKind<VerifyRecord> = {
  kind: 'verify',
  version: 2,
  queue: 'event',
  schema: z.object({ kind: z.literal('verify'), origin, owner: address, uid: z.string(), round: z.number() }),
  upgrade: [(body) => renameFields(body, { organizer: 'owner' })],
  lane: ({ owner, uid }) => copyLane(owner, uid),
  origin: (body) => body.origin,
  subject: ({ owner, uid }) => ({ ...noSubject, organizer: owner.key, uid }),
  text: () => 're-read of the event',
};
