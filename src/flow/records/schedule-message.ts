// Queue `invitation`, one lane per (UID, recipient): a scheduling message (RFC 5546 §3.2) from one calendar user to
// another. No door stores the mail that a message came in; if one does, the bytes belong in the task's `raw`, as in
// `outgoing`.
import { z } from 'zod';
import { nullIfUnparseable } from '../../core/ical/event-document.ts';
import { calendarScope } from '../../core/itip/calendar-scope.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import { address, origin } from './parts.ts';
import { noSubject, recipientLane, type RecordKind, renameFields, type Subject } from './record-kind.ts';

const schema = z.object({
  kind: z.literal('schedule-message'),
  origin,
  from: address,
  to: address,
  /** Upper case. */
  method: z.string(),
  calendar: z.string(),
  /** Mail it even if nothing has changed since the last mail to this recipient. */
  again: z.boolean(),
});

export type ScheduleMessageRecord = Readonly<z.infer<typeof schema>>;

export const scheduleMessage = {
  version: 2,
  queue: 'invitation',
  formerKind: 'invitation',
  schema,
  upgrade: [(body) => ({ ...renameFields(body, { sender: 'from', recipient: 'to' }), kind: 'schedule-message' })],
  lane: ({ calendar, to }) => recipientLane(calendarScope(calendar).uid, to.key),
  // A message that fails because its calendar does not parse still needs a ledger entry.
  subject: (body) => ({
    ...noSubject,
    ...nullIfUnparseable(() => calendarScope(body.calendar)),
    ...partiesOf(body),
  }),
  text: ({ method, to }) => `${method} to ${to.asWritten}`,
} satisfies RecordKind<ScheduleMessageRecord>;

/** Returns the address keys of the organizer and the attendee. Either of them can be the sender. */
export function partiesOf({
  from,
  to,
  method,
}: Pick<ScheduleMessageRecord, 'from' | 'to' | 'method'>): Pick<Subject, 'organizer' | 'attendee'> {
  return isFromAttendee(method) ? { organizer: to.key, attendee: from.key } : { organizer: from.key, attendee: to.key };
}
