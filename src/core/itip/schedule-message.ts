// Writes the iTIP messages for a change of an event (RFC 5546 §3.2). In: the stored event, a recipient and the time; out:
// calendar text with a METHOD. It refuses (omits) components to which the recipient is not invited, alarms, and SCHEDULE-*
// parameters (RFC 6638 §7.1).
import {
  ContentLine,
  joinLines,
  lineEndOf,
  makeLine,
  validText,
  withoutParams,
  withParam,
} from '../ical/content-lines.ts';
import { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, overridesAt } from '../ical/event-document.ts';
import { formatInstant } from '../ical/local-time.ts';
import { linesOf, ownLines, type Part } from '../ical/read-components.ts';
import { RECURRENCE_PROPERTIES } from '../ical/series.ts';
import type { Method } from './methods.ts';
import { makeOverride } from './make-override.ts';
import type { CalendarAddress, Partstat } from '../ical/types.ts';

export interface Stamp {
  /** DTSTAMP, in milliseconds since 1970. */
  readonly now: number;
  /** The minimum SEQUENCE. A component keeps a higher one. */
  readonly sequence: number;
}

/**
 * Returns a REQUEST with the components to which this attendee is invited. The series gets an EXDATE for each override to
 * which the attendee is not invited.
 */
export function requestFor(document: EventDocument, recipient: CalendarAddress, stamp: Stamp): string {
  const hidden = document.overrides.filter((override) => !override.invites(recipient));
  return messageText(document, 'REQUEST', (component) => {
    if (!component.invites(recipient)) return [];
    const rewritten = component.withParts([
      ...stampLines(component, stamp).slice(1),
      ...ownLines(component).flatMap(requestLines),
      ...(component === document.master ? hidden.flatMap(exdateOf) : []),
    ]);
    return [rewritten];
  });
}

/**
 * Returns a CANCEL of the event or of these occurrences (null: the event) to these attendees. `cancelled`: the event does not
 * take place. Otherwise only these attendees are no longer invited, and the message has no STATUS (RFC 5546 §3.2.5).
 */
export function cancelFor(
  document: EventDocument,
  recipients: readonly CalendarAddress[],
  recurrenceIds: readonly (string | null)[],
  stamp: Stamp & { readonly cancelled: boolean },
): string {
  const components = recurrenceIds.flatMap((id) => componentAt(document, id) ?? []);
  return messageWith(document, 'CANCEL', components, (component) => [
    ...stampLines(component, stamp),
    ...component.properties('RECURRENCE-ID'),
    ...timeLines(component),
    ...RECURRENCE_PROPERTIES.flatMap((name) => component.properties(name)),
    ...component.properties('SUMMARY'),
    ...(stamp.cancelled ? [makeLine('STATUS', [], 'CANCELLED', lineEndOf(component.beginLine))] : []),
    ...component.properties('ORGANIZER').map(withoutScheduling),
    ...recipients.flatMap((recipient) => component.attendeeLines(recipient).map(withoutScheduling)),
  ]);
}

/**
 * Returns a REPLY with an attendee's answers by occurrence (null: the event itself). `previous` is the event before the
 * attendee's change, which may contain occurrences that the attendee has deleted.
 */
export function replyFor(
  document: EventDocument,
  previous: EventDocument | null,
  attendee: CalendarAddress,
  answers: ReadonlyMap<string | null, Partstat>,
  now: number,
): string {
  const components = [...answers.keys()].flatMap(
    (id) => componentAt(document, id) ?? (previous && componentAt(previous, id)) ?? [],
  );
  return messageWith(document, 'REPLY', components, (component) => {
    const partstat = answers.get(component.recurrenceId) ?? 'NEEDS-ACTION';
    const title = component.property('SUMMARY') ?? document.master?.property('SUMMARY');
    return [
      ...stampLines(component, { now, sequence: 0 }),
      ...component.properties('RECURRENCE-ID'),
      ...timeLines(component),
      ...(title ? [title] : []),
      ...component.properties('ORGANIZER').map(withoutScheduling),
      ...component.attendeeLines(attendee).map((line) => withParam(withoutScheduling(line), 'PARTSTAT', partstat)),
    ];
  });
}

/**
 * Returns a DECLINECOUNTER for a proposal, with the time that remains (RFC 5546 §3.2.8). Null if the event has no such
 * occurrence.
 */
export function declineCounterFor(
  document: EventDocument,
  attendee: CalendarAddress,
  recurrenceId: string | null,
  now: number,
): string | null {
  const declined = componentAt(document, recurrenceId);
  if (!declined) return null;
  return messageWith(document, 'DECLINECOUNTER', [declined], (component) => [
    ...stampLines(component, { now, sequence: 0 }),
    ...component.properties('RECURRENCE-ID'),
    ...timeLines(component),
    ...['SUMMARY', 'LOCATION'].flatMap((name) => component.properties(name)),
    ...component.properties('ORGANIZER').map(withoutScheduling),
    ...component.attendeeLines(attendee).map(withoutScheduling),
  ]);
}

/** Returns the component of this occurrence, made from the master if it has no override. */
function componentAt(document: EventDocument, id: string | null): EventComponent | null {
  if (id === null) return document.master;
  const own = overridesAt(document, id)[0];
  if (own) return own;
  return document.master && makeOverride(document.master, id);
}

/** RFC 5545 §3.6.1 forbids DTEND together with DURATION. If an event has both, clients show DTEND. */
function timeLines(component: EventComponent): ContentLine[] {
  const end = component.endTimeLine ?? component.property('DURATION');
  return [...component.properties('DTSTART'), ...(end ? [end] : [])];
}

function stampLines(component: EventComponent, { now, sequence }: Stamp): ContentLine[] {
  const lineEnd = lineEndOf(component.beginLine);
  return [
    ...component.properties('UID').slice(0, 1),
    makeLine('DTSTAMP', [], formatInstant(now), lineEnd),
    makeLine('SEQUENCE', [], String(Math.max(sequence, component.sequence)), lineEnd),
  ];
}

function requestLines(line: ContentLine): ContentLine[] {
  if (line.name === 'DTSTAMP' || line.name === 'SEQUENCE' || line.name === 'REQUEST-STATUS') return [];
  return [line.name === 'ATTENDEE' || line.name === 'ORGANIZER' ? withoutScheduling(line) : line];
}

function withoutScheduling(line: ContentLine): ContentLine {
  return withoutParams(line, (name) => name.startsWith('SCHEDULE-'));
}

/** Returns an EXDATE for the occurrence of this override. */
function exdateOf(override: EventComponent): ContentLine[] {
  return override.properties('RECURRENCE-ID').map((line) => {
    const params = ['VALUE', 'TZID'].flatMap((name) => {
      const value = line.param(name);
      return value === null ? [] : [[name, value] as const];
    });
    return makeLine('EXDATE', params, line.value, lineEndOf(line));
  });
}

/** Returns the calendar with other components, which replace the event's own ones. */
function messageWith(
  document: EventDocument,
  method: Method,
  components: readonly EventComponent[],
  contentOf: (component: EventComponent) => ContentLine[],
): string {
  const first = document.parts.find((part) => part instanceof EventComponent);
  return messageText(document, method, (part) =>
    part === first ? components.map((component) => component.withParts(contentOf(component))) : [],
  );
}

/** `rewrite` returns the components that replace a component of the event. */
function messageText(
  document: EventDocument,
  method: Method,
  rewrite: (component: EventComponent) => readonly EventComponent[],
): string {
  const parts = document.parts.flatMap((part): readonly Part[] => {
    if (part instanceof EventComponent) return rewrite(part);
    if (!(part instanceof ContentLine) || (part.name !== 'METHOD' && part.name !== 'BEGIN')) return [part];
    return part.name === 'BEGIN' ? [part, makeLine('METHOD', [], method, lineEndOf(part))] : [];
  });
  return validText(joinLines(linesOf(parts)));
}
