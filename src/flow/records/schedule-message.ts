// Queue `invitation`, a lane for each (UID, recipient): what one calendar user tells another (RFC 5546 §3.2). The raw mail
// it came in, if kept, is the task's `raw`.
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { calendarScope } from '../../core/itip/calendar-scope.ts';
import { address, type Origin, origin } from './parts.ts';
import { noSubject, recipientLane, type RecordKind, renameFields, type Subject } from './record-kind.ts';

export interface ScheduleMessage {
  readonly from: CalendarAddress;
  readonly to: CalendarAddress;
  /** Upper case. */
  readonly method: string;
  readonly calendar: string;
  readonly origin: Origin;
  /** Send it even if the recipient was told the same before. */
  readonly again: boolean;
}

export interface ScheduleMessageRecord extends ScheduleMessage {
  readonly kind: 'schedule-message';
}

export const scheduleMessage: RecordKind<ScheduleMessageRecord> = {
  kind: 'schedule-message',
  version: 2,
  queue: 'invitation',
  formerKind: 'invitation',
  schema: z.object({
    kind: z.literal('schedule-message'),
    origin,
    from: address,
    to: address,
    method: z.string(),
    calendar: z.string(),
    again: z.boolean(),
  }),
  upgrade: [(body) => ({ ...renameFields(body, { sender: 'from', recipient: 'to' }), kind: 'schedule-message' })],
  lane: ({ calendar, to }) => recipientLane(calendarScope(calendar).uid, to.key),
  origin: (body) => body.origin,
  subject: (body) => ({ ...noSubject, ...scopeOrNothing(body.calendar), ...partiesOf(body) }),
  text: ({ method, to }) => `${method} to ${to.asWritten}`,
};

/** RFC 5546 §1.4: attendees send these to the organizer; all other methods go the other way. */
const FROM_ATTENDEES: ReadonlySet<string> = new Set(['REPLY', 'COUNTER', 'REFRESH']);

export function isFromAttendee({ method }: Pick<ScheduleMessage, 'method'>): boolean {
  return FROM_ATTENDEES.has(method);
}

/** Address keys of the organizer and the attendee, whichever of the two sends the message. */
export function partiesOf(
  message: Pick<ScheduleMessage, 'from' | 'to' | 'method'>,
): Pick<Subject, 'organizer' | 'attendee'> {
  const { from, to } = message;
  return isFromAttendee(message)
    ? { organizer: to.key, attendee: from.key }
    : { organizer: from.key, attendee: to.key };
}

/** A message that fails because its calendar does not parse still needs a ledger entry. */
function scopeOrNothing(calendar: string): Partial<Subject> {
  try {
    return calendarScope(calendar);
  } catch (error) {
    if (error instanceof GatewayError) return {};
    throw error;
  }
}
