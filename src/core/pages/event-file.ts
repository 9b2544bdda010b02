// Makes the calendar file that an attendee can download. In: the event's calendar; out: a copy as for mail, without anything
// private to the organizer or other guests, and without METHOD, because a file is not a scheduling message. It refuses (null)
// a cancelled or deleted event, a person who is not invited, and a calendar that cannot be parsed.
import { mailedCopy } from '../compose/mailed-copy.ts';
import { calendarAddress } from '../ical/calendar-address.ts';
import { nullIfUnparseable } from '../ical/event-document.ts';
import { type RsvpView, isAnswerable } from './rsvp-page.ts';
import type { RsvpClaims } from '../signing/types.ts';

/** Returns whether the page offers a file: the event takes place or is past, and the person is invited. */
export function offersFile({ state, calendar }: RsvpView): boolean {
  return Boolean(calendar) && (isAnswerable({ state }) || state === 'past');
}

/** Returns null if no file is offered or the calendar cannot be parsed. */
export function eventFile(view: RsvpView, claims: RsvpClaims): string | null {
  const { calendar, organizerAsMailed = null, guestList, stamp = null } = view;
  const organizer = calendarAddress(claims.organizer);
  const recipient = calendarAddress(claims.attendee);
  if (!calendar || !offersFile(view) || organizer === null || recipient === null) return null;
  return nullIfUnparseable(() =>
    mailedCopy({
      kind: 'invitation',
      calendar,
      sender: organizer,
      recipient,
      organizerAsMailed,
      itip: false,
      guestList,
      stamp,
    }),
  );
}
