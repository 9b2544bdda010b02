// The one table of what HTTP answers: for every callback a status and a sentence that says what to do, for every kind of
// page its status. Sentences show no internals and repeat nothing of the request.
import type { MessageKind } from '../../core/pages/message-page.ts';

export type CallbackReply = keyof typeof callbackReplies;

export const callbackReplies = {
  accepted: [200, 'OK'],
  'wrong-key': [401, 'The API key is missing or wrong: send the value of CALDAV_INBOUND_API_KEY as X-Api-Key.'],
  'no-sender': [400, 'X-CalDAV-Sender is missing or is no mail address: send who schedules, with or without mailto:.'],
  'no-recipient': [
    400,
    'X-CalDAV-Recipient is missing or is no mail address: send whom it is for, with or without mailto:.',
  ],
  'no-method': [
    400,
    'X-CalDAV-Method is missing or is no iTIP method: send the METHOD of the calendar, such as REQUEST.',
  ],
  'no-body': [400, 'The body is missing: send the calendar as text/calendar.'],
  'body-broken': [400, 'The body ended early: send it again.'],
  'body-compressed': [400, 'The body is compressed: send it without Content-Encoding.'],
  'body-not-text': [400, 'The body is not in the charset that Content-Type names: send UTF-8.'],
  'calendar-unparseable': [400, 'The body is not one iCalendar object: send one VCALENDAR of RFC 5545.'],
  'calendar-without-event': [400, 'The calendar has no VEVENT or VTODO with a UID: send the one that is scheduled.'],
  'several-events': [400, 'The calendar has more than one UID: send one event, with its overrides, per callback.'],
  'method-differs': [400, 'METHOD in the calendar is missing or differs from X-CalDAV-Method: send the same in both.'],
  'sender-differs': [
    400,
    'X-CalDAV-Sender is not who sends this METHOD: send the ORGANIZER, or for an answer its ATTENDEE.',
  ],
  'recipient-differs': [
    400,
    'X-CalDAV-Recipient is not in the calendar: send an ATTENDEE, or for an answer the ORGANIZER.',
  ],
  'body-too-large': [413, 'The calendar is too large: send at most 4 MiB.'],
  'try-later': [503, 'The callback could not be stored: send it again later.'],
  failed: [500, 'Something went wrong here: the callback was not stored. Send it again later.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>;

/** Seconds after which a temporary refusal may have passed. */
export const RETRY_AFTER = 30;

/** Pages that show an event and what can be done about it. */
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

/** Pages that only say something. */
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
