// What the organizer's word does once somebody has delegated (decision table, "delegation"): the delegate is put on the list next to the
// delegator, wherever that one stands as DELEGATED, and both lines say so. Nothing else changes.
import { makeLine, lineEndOf, withParam } from '../ical/content-lines.ts';
import { partstatIn } from '../ical/event-component.ts';
import { type EventDocument, mapEvents } from '../ical/event-document.ts';
import type { CalendarAddress } from '../ical/types.ts';

/**
 * RFC 5546 §3.2.2.3. Where the delegate stands already, its line is left alone; where the delegator answers in person by
 * now, nobody comes instead. `recurrenceId` null: the event and all occurrences that follow it in this.
 */
export function addDelegate(
  document: EventDocument,
  delegator: CalendarAddress,
  delegate: CalendarAddress,
  recurrenceId: string | null,
): EventDocument {
  return mapEvents(document, (event) => {
    if (recurrenceId !== null && event.recurrenceId !== recurrenceId) return event;
    const [line] = event.attendeeLines(delegator);
    if (!line || partstatIn(line) !== 'DELEGATED' || event.invites(delegate)) return event;
    const named = [...line.paramValues('DELEGATED-TO'), `mailto:${delegate.asWritten}`];
    const from = [['DELEGATED-FROM', `mailto:${delegator.asWritten}`], ...roleOf(line.param('ROLE'))] as const;
    const added = makeLine(
      'ATTENDEE',
      [...from, ['PARTSTAT', 'NEEDS-ACTION'], ['RSVP', 'TRUE']],
      `mailto:${delegate.asWritten}`,
      lineEndOf(line),
    );
    const naming = withParam(line, 'DELEGATED-TO', [...new Set(named)]);
    return event.withParts(event.parts.flatMap((part) => (part === line ? [naming, added] : [part])));
  });
}

/** RFC 5546 §2.1.2: the delegate comes in the place of the delegator. */
function roleOf(role: string | null): (readonly [string, string])[] {
  return role === null ? [] : [['ROLE', role]];
}
