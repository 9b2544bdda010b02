// The event as the calendar has it in, the file that an attendee may download out: rewritten as for mail, so that nothing
// private to the organizer or to other guests leaves, and without METHOD, because a file asks nothing of anybody.
import { mailedCopy } from '../compose/mailed-copy.ts';
import { GatewayError } from '../errors.ts';
import { calendarAddress } from '../ical/calendar-address.ts';
import { type RsvpShown, isAnswerable } from './rsvp-page.ts';
import type { RsvpClaims } from '../signing/types.ts';

/** Whether there is a file for this person: not of an event that is off, and not for somebody who is not invited. */
export function offersFile({ state, calendar }: RsvpShown): boolean {
  return Boolean(calendar) && (isAnswerable({ state }) || state === 'past');
}

/** null: none is offered, or the calendar cannot be read. */
export function eventFile(shown: RsvpShown, claims: RsvpClaims): string | null {
  const { calendar, organizerAsMailed = null, guestList } = shown;
  const organizer = calendarAddress(claims.organizer);
  const recipient = calendarAddress(claims.attendee);
  if (!calendar || !offersFile(shown) || organizer === null || recipient === null) return null;
  try {
    return mailedCopy({
      kind: 'invitation',
      calendar,
      sender: organizer,
      recipient,
      organizerAsMailed,
      itip: false,
      guestList,
    });
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}
