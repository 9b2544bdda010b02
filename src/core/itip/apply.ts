// Decisions come in and change the event: the PARTSTAT of that attendee's ATTENDEE lines, an override where there was none,
// or for a bounce the SCHEDULE-STATUS. Every other byte stays (decision table, "writing"): no DTSTAMP, no SEQUENCE, no reordering.
import { GatewayError } from '../errors.ts';
import { withParam } from '../ical/content-lines.ts';
import { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, mapEvents, overridesAt, withParts } from '../ical/event-document.ts';
import { makeOverride } from './make-override.ts';
import { millisOf } from '../ical/occurrence-id.ts';
import type { CalendarAddress } from '../ical/types.ts';
import type { Decision } from './types.ts';

/**
 * The event after the answer. Documents are immutable: a chain of answers is `decide`, `applyDecision`, `decide`, ….
 * @throws GatewayError `internal` where the decision was made about another event
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

/** DESIGN "Mail out": what became of the mail to this attendee (RFC 6638 §3.2.9), on every one of its ATTENDEE lines. */
export function setScheduleStatus(document: EventDocument, attendee: CalendarAddress, status: string): EventDocument {
  return changeComponents(document, attendee, 'SCHEDULE-STATUS', () => status);
}

/** Sets a parameter on the attendee's lines of the components that `valueFor` gives a value for. */
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
  if (recurrenceId === null || master === null) throw new GatewayError('internal', 'an override of nothing');
  if (overridesAt(document, recurrenceId).length > 0) return document;
  const override = makeOverride(master, recurrenceId);
  if (override === null) throw new GatewayError('internal', `no override can be made at ${recurrenceId}`);
  const at = placeFor(document, recurrenceId);
  return withParts(document, [...document.parts.slice(0, at), override, ...document.parts.slice(at)]);
}

/** Behind the last component that comes before it in time: so the order in which answers arrive does not show. */
function placeFor(document: EventDocument, recurrenceId: string): number {
  const millis = millisOf(recurrenceId);
  const before = document.parts.findLastIndex(
    (part) => part instanceof EventComponent && (part.recurrenceId === null || millisOf(part.recurrenceId) < millis),
  );
  return before + 1;
}
