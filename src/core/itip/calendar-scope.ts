// Determines whether a posted calendar concerns a whole event or a single occurrence. In: calendar text; out: the key of the
// event or occurrence. It refuses a calendar without an event.
import { GatewayError } from '../errors.ts';
import { parseEvent, recurrenceIdsOf } from '../ical/event-document.ts';
import type { OccurrenceKey } from '../ical/types.ts';

/**
 * Returns `recurrenceId` null if the calendar has the master or several occurrences.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function calendarScope(calendar: string): OccurrenceKey {
  const document = parseEvent(calendar);
  const [only, ...more] = recurrenceIdsOf(document);
  if (only === undefined) throw new GatewayError('calendar-unparseable', 'the calendar has no event');
  return { uid: document.uid, recurrenceId: more.length === 0 ? only : null };
}
