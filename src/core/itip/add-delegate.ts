// Adds a delegate to an event after the organizer has confirmed the delegation (decision table, "delegation"). In: the event,
// the delegator and the delegate; out: the event with an ATTENDEE for the delegate after each one where the delegator is
// DELEGATED, and with DELEGATED-TO and DELEGATED-FROM. It refuses to change anything else.
import { makeLine, lineEndOf, withParam } from '../ical/content-lines.ts';
import { partstatIn } from '../ical/event-component.ts';
import { type EventDocument, mapEvents } from '../ical/event-document.ts';
import type { CalendarAddress } from '../ical/types.ts';

/**
 * RFC 5546 §3.2.2.3. Skips a component to which the delegate is already invited, or in which the delegator is no longer
 * DELEGATED. `recurrenceId` null: all components.
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
    const delegates = [...line.paramValues('DELEGATED-TO'), `mailto:${delegate.asWritten}`];
    const from = [['DELEGATED-FROM', `mailto:${delegator.asWritten}`], ...roleOf(line.param('ROLE'))] as const;
    const added = makeLine(
      'ATTENDEE',
      [...from, ['PARTSTAT', 'NEEDS-ACTION'], ['RSVP', 'TRUE']],
      `mailto:${delegate.asWritten}`,
      lineEndOf(line),
    );
    const changed = withParam(line, 'DELEGATED-TO', [...new Set(delegates)]);
    return event.withParts(event.parts.flatMap((part) => (part === line ? [changed, added] : [part])));
  });
}

/** RFC 5546 §2.1.2: the delegate replaces the delegator, and so gets the same ROLE. */
function roleOf(role: string | null): (readonly [string, string])[] {
  return role === null ? [] : [['ROLE', role]];
}
