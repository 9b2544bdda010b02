// The HTTP status of every reply. For each callback reply there is also a sentence that says what to do; for each kind of
// page there is only the status. Sentences contain no internals and nothing from the request.
import type { MessageKind } from '../../core/pages/message-page.ts';

export type CallbackReply = keyof typeof callbackReplies;

export const callbackReplies = {
  accepted: [200, 'OK'],
  'wrong-key': [401, 'The API key is missing or wrong: send the value of CALDAV_INBOUND_API_KEY as X-Api-Key.'],
  'no-sender': [
    400,
    'X-CalDAV-Sender is missing or is not a mail address: send the address of the sender, with or without mailto:.',
  ],
  'no-recipient': [
    400,
    'X-CalDAV-Recipient is missing or is not a mail address: send the address of the recipient, with or without mailto:.',
  ],
  'no-method': [
    400,
    'X-CalDAV-Method is missing or is not an iTIP method: send the METHOD of the calendar, such as REQUEST.',
  ],
  'no-body': [400, 'The body is missing: send the calendar as text/calendar.'],
  'body-broken': [400, 'The body is incomplete: send it again.'],
  'body-compressed': [400, 'The body is compressed: send it without Content-Encoding.'],
  'body-not-text': [400, 'The body is not in the charset that Content-Type names: send UTF-8.'],
  'calendar-unparseable': [400, 'The body is not one iCalendar object: send one VCALENDAR as in RFC 5545.'],
  'calendar-without-event': [400, 'The calendar has no VEVENT or VTODO with a UID: send the scheduled event or task.'],
  'several-events': [400, 'The calendar has more than one UID: send one event, with its overrides, per callback.'],
  'method-differs': [400, 'METHOD in the calendar is missing or differs from X-CalDAV-Method: send the same in both.'],
  'sender-differs': [
    400,
    'X-CalDAV-Sender does not match the calendar: send the ORGANIZER, or for REPLY, COUNTER and REFRESH the ATTENDEE.',
  ],
  'recipient-differs': [
    400,
    'X-CalDAV-Recipient is not in the calendar: send an ATTENDEE, or for REPLY, COUNTER and REFRESH the ORGANIZER.',
  ],
  'body-too-large': [413, 'The calendar is too large: send at most 4 MiB.'],
  'try-later': [503, 'The callback could not be stored: send it again later.'],
  failed: [500, 'Internal error: the callback was not stored. Send it again later.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>;

/** Seconds in the Retry-After header of a temporary refusal. */
export const RETRY_AFTER = 30;

/** Pages that show an event with a form or the reason why there is none. */
export const pageStatus = {
  form: 200,
  'form-changed': 409,
  'form-incomplete': 422,
  past: 410,
  gone: 410,
  cancelled: 410,
  'not-invited': 403,
  decide: 200,
} as const;

/** Pages that only show a message. */
export const messageStatus: Readonly<Record<MessageKind, number>> = {
  recorded: 200,
  received: 200,
  refused: 409,
  'decided-alias': 200,
  'decided-once': 200,
  'decided-ignore': 200,
  'decided-decline': 200,
  'decided-add': 200,
  'decided-leave': 200,
  'decided-not-entered': 200,
  'already-decided': 410,
  'invalid-link': 400,
  'expired-link': 410,
  'unknown-action': 400,
  'try-later': 503,
  'not-found': 404,
  failed: 500,
};
