// Queue `outgoing`: a composed mail for the relay. Its bytes are the task's `raw`.
import { z } from 'zod';
import { addressKey } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { isReason, type ReasonFor, reasons } from '../../core/reasons.ts';
import { address, type Origin, origin } from './parts.ts';
import { noSubject, recipientLane, type RecordKind, renameFields } from './record-kind.ts';
import { partiesOf } from './schedule-message.ts';

export interface OutgoingRecord {
  readonly kind: 'outgoing';
  readonly origin: Origin;
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly messageId: string;
  /** What it is: the reason in the ledger once it is mailed. */
  readonly what: ReasonFor<'mailed'>;
  /** METHOD of the schedule message in it; null for notices and forwarded letters. */
  readonly method: string | null;
  /** Whose event it is about; for a notice or a letter, who gets it. */
  readonly owner: CalendarAddress | null;
  /** Set when it tells another calendar user about the owner's copy: whom a delivery failure concerns. */
  readonly recipient: CalendarAddress | null;
  readonly uid: string | null;
}

export const outgoing: RecordKind<OutgoingRecord> = {
  kind: 'outgoing',
  version: 2,
  queue: 'outgoing',
  schema: z.object({
    kind: z.literal('outgoing'),
    origin,
    mailFrom: z.string(),
    rcptTo: z.string(),
    messageId: z.string(),
    what: z.custom<ReasonFor<'mailed'>>(isMailed, 'not a kind of mail'),
    method: z.string().nullable(),
    owner: address.nullable(),
    recipient: address.nullable(),
    uid: z.string().nullable(),
  }),
  upgrade: [
    ({ what, ...body }) => ({
      ...renameFields(body, { organizer: 'owner', attendee: 'recipient' }),
      what,
      method: METHODS_OF_1.get(what) ?? null,
    }),
  ],
  lane: ({ uid, rcptTo }, id) => recipientLane(uid ?? id, addressKey(rcptTo)),
  origin: ({ origin: from, messageId }) => ({ ...from, messageId }),
  subject: ({ owner, recipient, uid, method, rcptTo }) => {
    const about = {
      ...noSubject,
      organizer: owner?.key ?? null,
      attendee: addressKey(rcptTo),
      uid,
    };
    if (owner === null || recipient === null || method === null) return about;
    return { ...about, ...partiesOf({ from: owner, to: recipient, method }) };
  },
  text: ({ what, rcptTo }) => `${what} to ${rcptTo}`,
};

/** Version 1 did not store the method. */
const METHODS_OF_1: ReadonlyMap<unknown, string> = new Map([
  ['invitation', 'REQUEST'],
  ['update', 'REQUEST'],
  ['cancel', 'CANCEL'],
  ['decline', 'DECLINECOUNTER'],
  ['reply', 'REPLY'],
]);

function isMailed(what: unknown): boolean {
  return typeof what === 'string' && isReason(what) && (reasons[what].verdicts as readonly string[]).includes('mailed');
}
