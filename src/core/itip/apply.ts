// Applies decisions to an event. In: the event and a decision; out: the event with the attendee's PARTSTAT, without a delegation
// that the answer withdraws, and with new overrides if they are needed; for a bounce, the event with SCHEDULE-STATUS. It refuses to
// change any other byte (decision table, "writing"), such as DTSTAMP, SEQUENCE or the order of lines.
import { GatewayError } from '../errors.ts';
import { type ContentLine, withParam } from '../ical/content-lines.ts';
import { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, mapEvents, overridesAt, withParts } from '../ical/event-document.ts';
import { makeOverride } from './make-override.ts';
import { millisOf } from '../ical/occurrence-id.ts';
import type { CalendarAddress, Partstat } from '../ical/types.ts';
import type { Decision } from './types.ts';

/**
 * Returns the event after the answer. Documents are immutable: for several answers, call `decide` and `applyDecision` for each.
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
  return changeLines(created, attendee, (line, { recurrenceId }) => {
    const partstat = partstats.get(recurrenceId);
    return partstat === undefined ? line : answeredLine(line, partstat);
  });
}

/** An attendee who answers withdraws the delegation (RFC 5546 §2.1.2): DELEGATED-TO belongs to DELEGATED only. */
function answeredLine(line: ContentLine, partstat: Partstat): ContentLine {
  const answered = setParam(line, 'PARTSTAT', partstat);
  return partstat === 'DELEGATED' ? answered : withParam(answered, 'DELEGATED-TO', null);
}

/** Sets SCHEDULE-STATUS (RFC 6638 §3.2.9), the result of the mail to this attendee, on all of its ATTENDEE lines. */
export function setScheduleStatus(document: EventDocument, attendee: CalendarAddress, status: string): EventDocument {
  return changeLines(document, attendee, (line) => setParam(line, 'SCHEDULE-STATUS', status));
}

function changeLines(
  document: EventDocument,
  attendee: CalendarAddress,
  change: (line: ContentLine, component: EventComponent) => ContentLine,
): EventDocument {
  return mapEvents(document, (event) =>
    event.invites(attendee) ? event.withAttendee(attendee, (line) => change(line, event)) : event,
  );
}

/** Returns the line as it is if it already has the value, so that its folds are kept. */
function setParam(line: ContentLine, name: string, value: string): ContentLine {
  return line.param(name) === value ? line : withParam(line, name, value);
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
