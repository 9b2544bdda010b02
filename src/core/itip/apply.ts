// Applies decisions to an event. In: the event and a decision; out: the event with the attendee's PARTSTAT, with new overrides
// where needed, or for a bounce with SCHEDULE-STATUS. It refuses to change any other byte (decision table, "writing"), such as
// DTSTAMP, SEQUENCE or the order of lines.
import { GatewayError } from '../errors.ts';
import { withParam } from '../ical/content-lines.ts';
import { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, mapEvents, overridesAt, withParts } from '../ical/event-document.ts';
import { makeOverride } from './make-override.ts';
import { millisOf } from '../ical/occurrence-id.ts';
import type { CalendarAddress } from '../ical/types.ts';
import type { Decision } from './types.ts';

/**
 * Returns the event after the answer. Documents are immutable, so several answers need `decide` and `applyDecision` in turn.
 *
 * @throws GatewayError `internal` if the decision belongs to another event
 */
export function applyDecision(document: EventDocument, decision: Decision & { verdict: 'apply' }): EventDocument {
  const { attendee, changes } = decision;
  if (changes.length === 0) return document;
  const created = changes
    .filter((change) => change.create)
    .reduce((current, { recurrenceId }) => addOverride(current, recurrenceId), document);
  const partstats = new Map(changes.map((change) => [change.recurrenceId, change.partstat]));
  return changeComponents(created, attendee, 'PARTSTAT', (component) => partstats.get(component.recurrenceId) ?? null);
}

/** Sets SCHEDULE-STATUS (RFC 6638 §3.2.9), the result of the mail to this attendee, on all of its ATTENDEE lines. */
export function setScheduleStatus(document: EventDocument, attendee: CalendarAddress, status: string): EventDocument {
  return changeComponents(document, attendee, 'SCHEDULE-STATUS', () => status);
}

/** Sets a parameter on the attendee's lines of the components for which `valueFor` returns a value. */
function changeComponents(
  document: EventDocument,
  attendee: CalendarAddress,
  param: string,
  valueFor: (component: EventComponent) => string | null,
): EventDocument {
  return mapEvents(document, (event) => {
    const value = valueFor(event);
    if (value === null || !event.invites(attendee)) return event;
    return event.withAttendee(attendee, (line) => (line.param(param) === value ? line : withParam(line, param, value)));
  });
}

function addOverride(document: EventDocument, recurrenceId: string | null): EventDocument {
  const { master } = document;
  if (recurrenceId === null || master === null) throw new GatewayError('internal', 'an override needs a master');
  if (overridesAt(document, recurrenceId).length > 0) return document;
  const override = makeOverride(master, recurrenceId);
  if (override === null) throw new GatewayError('internal', `cannot make an override at ${recurrenceId}`);
  const at = insertionIndex(document, recurrenceId);
  return withParts(document, [...document.parts.slice(0, at), override, ...document.parts.slice(at)]);
}

/** Returns the index after the last earlier component, so that the result does not depend on the order of the answers. */
function insertionIndex(document: EventDocument, recurrenceId: string): number {
  const millis = millisOf(recurrenceId);
  const before = document.parts.findLastIndex(
    (part) => part instanceof EventComponent && (part.recurrenceId === null || millisOf(part.recurrenceId) < millis),
  );
  return before + 1;
}
