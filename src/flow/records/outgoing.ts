// Queue `outgoing`: a composed mail for the relay. Its bytes are the task's `raw`.
import { z } from 'zod';
import { addressKey } from '../../core/ical/calendar-address.ts';
import { isReason, type ReasonFor, reasons } from '../../core/reasons.ts';
import { address, origin } from './parts.ts';
import { noSubject, recipientLane, type RecordKind, renameFields } from './record-kind.ts';
import { partiesOf } from './schedule-message.ts';

const schema = z.object({
  kind: z.literal('outgoing'),
  origin,
  /** RFC 5321 reverse-path; '' for the null sender. */
  mailFrom: z.string(),
  rcptTo: z.string(),
  messageId: z.string(),
  /** The kind of mail: the reason in the ledger once the relay has accepted it. */
  what: z.custom<ReasonFor<'mailed'>>(isMailed, 'not a kind of mail'),
  /** METHOD of the schedule message in it; null for notices and forwarded letters. */
  method: z.string().nullable(),
  /** The owner of the event; for a notice or a letter, its recipient. */
  owner: address.nullable(),
  /** The other calendar user that a schedule message is for; null for notices and letters. */
  recipient: address.nullable(),
  uid: z.string().nullable(),
});

export type OutgoingRecord = Readonly<z.infer<typeof schema>>;

export const outgoing = {
  version: 2,
  queue: 'outgoing',
  schema,
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
} satisfies RecordKind<OutgoingRecord>;

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
