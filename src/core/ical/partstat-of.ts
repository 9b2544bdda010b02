// What the event now says of one attendee at one occurrence. Null: not an attendee there.
import { componentFor, type EventDocument } from './event-document.ts';
import type { CalendarAddress, Partstat } from './types.ts';

/** `recurrenceId` as in OccurrenceKey and as the event knows it; an instance without override says what the master says. */
export function partstatOf(
  document: EventDocument,
  attendee: CalendarAddress,
  recurrenceId: string | null,
): Partstat | null {
  return componentFor(document, recurrenceId)?.partstatOf(attendee) ?? null;
}
