// What the organizer's word does once somebody has delegated (decision table, "delegation"): the delegate is put on the list next to the
// delegator, wherever that one stands as DELEGATED, and both lines say so. Nothing else changes.
import { makeLine, lineEndOf, withParam } from '../ical/content-lines.ts';
import { EventComponent, partstatIn } from '../ical/event-component.ts';
import { type EventDocument, withParts } from '../ical/event-document.ts';
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
  const parts = document.parts.map((part) => {
    if (!(part instanceof EventComponent)) return part;
    if (recurrenceId !== null && part.recurrenceId !== recurrenceId) return part;
    const [line] = part.attendeeLines(delegator);
    if (!line || partstatIn(line) !== 'DELEGATED' || part.invites(delegate)) return part;
    const named = [...line.paramValues('DELEGATED-TO'), `mailto:${delegate.asWritten}`];
    const from = [['DELEGATED-FROM', `mailto:${delegator.asWritten}`], ...roleOf(line.param('ROLE'))] as const;
    const added = makeLine(
      'ATTENDEE',
      [...from, ['PARTSTAT', 'NEEDS-ACTION'], ['RSVP', 'TRUE']],
      `mailto:${delegate.asWritten}`,
      lineEndOf(line),
    );
    const naming = withParam(line, 'DELEGATED-TO', [...new Set(named)]);
    return part.withParts(part.parts.flatMap((each) => (each === line ? [naming, added] : [each])));
  });
  return withParts(document, parts);
}

/** RFC 5546 §2.1.2: the delegate comes in the place of the delegator. */
function roleOf(role: string | null): (readonly [string, string])[] {
  return role === null ? [] : [['ROLE', role]];
}
