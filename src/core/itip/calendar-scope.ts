// What a posted calendar is about: the event as a whole, or the one occurrence that it carries alone. Pure.
import { GatewayError } from '../errors.ts';
import { parseEvent, recurrenceIdsOf } from '../ical/event-document.ts';
import type { OccurrenceKey } from '../ical/types.ts';

/** recurrenceId null where the master is in it, or several occurrences without it. Throws `calendar-unparseable`. */
export function calendarScope(calendar: string): OccurrenceKey {
  const document = parseEvent(calendar);
  const [only, ...more] = recurrenceIdsOf(document);
  if (only === undefined) throw new GatewayError('calendar-unparseable', 'the calendar has no event');
  return { uid: document.uid, recurrenceId: more.length === 0 ? only : null };
}
