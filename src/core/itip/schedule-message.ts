// The iTIP messages that a change to an event makes due (RFC 5546 §3.2): a stored event, a recipient and the clock come
// in, calendar text with a METHOD goes out. No SCHEDULE-* parameter and no alarm leaves (RFC 6638 §7.1). A component
// the recipient has no part in is left out.
import { ContentLine, joinLines, lineEndOf, makeLine, withoutParams, withParam } from '../ical/content-lines.ts';
import { displayText } from '../ical/octets.ts';
import { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, overridesAt } from '../ical/event-document.ts';
import { formatInstant } from '../ical/local-time.ts';
import { linesOf, ownLines, type Part } from '../ical/read-components.ts';
import { makeOverride } from './make-override.ts';
import type { CalendarAddress, Partstat } from '../ical/types.ts';

export type Method = 'REQUEST' | 'CANCEL' | 'REPLY' | 'DECLINECOUNTER';

const OF_THE_SERIES = ['RRULE', 'RDATE', 'EXDATE'];

export interface Stamp {
  /** DTSTAMP, ms since 1970. */
  readonly now: number;
  /** SEQUENCE of the message; where a component's own is higher, that. */
  readonly sequence: number;
}

/**
 * The event as that attendee is to see it: where only some occurrences are theirs, those; where some are not, the series
 * without them.
 */
export function requestFor(document: EventDocument, recipient: CalendarAddress, stamp: Stamp): string {
  const hidden = document.overrides.filter((override) => !override.invites(recipient));
  return messageText(document, 'REQUEST', (component) => {
    if (!component.invites(recipient)) return [];
    const told = component.withParts([
      ...stampLines(component, stamp).slice(1),
      ...ownLines(component).flatMap(toldLine),
      ...(component === document.master ? hidden.flatMap(exdateOf) : []),
    ]);
    return [told];
  });
}

/**
 * Takes the event, or those occurrences of it (null: all), back from these attendees. `cancelled`: it does not take
 * place; else these attendees alone are no longer invited, and no STATUS is told (RFC 5546 §3.2.5).
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
    ...OF_THE_SERIES.flatMap((name) => component.properties(name)),
    ...component.properties('SUMMARY'),
    ...(stamp.cancelled ? [makeLine('STATUS', [], 'CANCELLED', lineEndOf(component.beginLine))] : []),
    ...component.properties('ORGANIZER').map(withoutScheduling),
    ...recipients.flatMap((recipient) => component.attendeeLines(recipient).map(withoutScheduling)),
  ]);
}

/**
 * What one attendee answers, by occurrence (null: the event itself). `previous` is the event before they changed it: it
 * may still have what they deleted.
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
 * Says no to the time that an attendee proposed, and what stays instead (RFC 5546 §3.2.8). Null: the event has no such
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

/** The component that stands for that occurrence, made from the master where it has none of its own. */
function componentAt(document: EventDocument, id: string | null): EventComponent | null {
  if (id === null) return document.master;
  const own = overridesAt(document, id)[0];
  if (own) return own;
  return document.master && makeOverride(document.master, id);
}

/** RFC 5545 §3.6.1: DTEND and DURATION must not both stand; where they do, DTEND is what clients show. */
function timeLines(component: EventComponent): ContentLine[] {
  const end = component.property('DTEND') ?? component.property('DUE') ?? component.property('DURATION');
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

function toldLine(line: ContentLine): ContentLine[] {
  if (line.name === 'DTSTAMP' || line.name === 'SEQUENCE' || line.name === 'REQUEST-STATUS') return [];
  return [line.name === 'ATTENDEE' || line.name === 'ORGANIZER' ? withoutScheduling(line) : line];
}

function withoutScheduling(line: ContentLine): ContentLine {
  return withoutParams(line, (name) => name.startsWith('SCHEDULE-'));
}

/** An occurrence that is not theirs, as an exception of the series that is. */
function exdateOf(override: EventComponent): ContentLine[] {
  return override.properties('RECURRENCE-ID').map((line) => {
    const params = ['VALUE', 'TZID'].flatMap((name) => {
      const value = line.param(name);
      return value === null ? [] : [[name, value] as const];
    });
    return makeLine('EXDATE', params, line.value, lineEndOf(line));
  });
}

/** The calendar around other components: made ones come where the first of the event's own was. */
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

/** `tell`: what a component of the event becomes. */
function messageText(
  document: EventDocument,
  method: Method,
  tell: (component: EventComponent) => readonly EventComponent[],
): string {
  const parts = document.parts.flatMap((part): readonly Part[] => {
    if (part instanceof EventComponent) return tell(part);
    if (!(part instanceof ContentLine) || (part.name !== 'METHOD' && part.name !== 'BEGIN')) return [part];
    return part.name === 'BEGIN' ? [part, makeLine('METHOD', [], method, lineEndOf(part))] : [];
  });
  return displayText(joinLines(linesOf(parts)));
}
