// Determines whether the mailed copy of a calendar lists all guests. In: the calendar; out: true or false. The fingerprint omits
// the same guests as the mailed copy, so both use this function. It refuses nothing.
import { componentsOf, type EventDocument } from '../ical/event-document.ts';

/** Mail clients and mail servers fail on long lists. */
export const MAX_LISTED_GUESTS = 100;

/** If false, the mailed copy lists only the recipient and the organizer. */
export function listsAllGuests(document: EventDocument): boolean {
  return componentsOf(document).every((component) => component.properties('ATTENDEE').length <= MAX_LISTED_GUESTS);
}
