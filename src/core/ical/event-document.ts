// Parses a calendar object as a CalDAV server stores it. In: text; out: a document that can be changed and written as text again,
// with every other byte unchanged. It refuses (`calendar-unparseable`) text that cannot be changed safely: without a VCALENDAR or
// with several, without an event, with several UIDs, or with components that are not nested correctly.
import { GatewayError } from '../errors.ts';
import { ContentLine, joinLines, splitLines } from './content-lines.ts';
import { type ComponentName, EventComponent, isEvent } from './event-component.ts';
import { memoizeText } from './memoize-text.ts';
import { componentsIn, linesOf, type Part, readComponents, wholeCalendar } from './read-components.ts';
import type { CalendarAddress, Partstat } from './types.ts';

export interface EventDocument {
  readonly uid: string;
  readonly component: ComponentName;
  /** The whole text in order: the calendar's own lines, those before and after it, and its components. */
  readonly parts: readonly Part[];
  /** The component without RECURRENCE-ID, null if the object has only single occurrences. */
  readonly master: EventComponent | null;
  /** In the order of the text. */
  readonly overrides: readonly EventComponent[];
  readonly vtimezones: readonly string[];
  /** StoredEvent.lastModified. */
  readonly storedAt: number | null;
}

/**
 * Parses a stored event: VEVENTs or VTODOs with one UID, at most one of them the master. `storedAt` is the time of the last
 * change from the server (StoredEvent.lastModified), in milliseconds since 1970.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function parseEvent(text: string, storedAt: number | null = null): EventDocument {
  const document = parseText(text);
  return storedAt === null ? document : { ...document, storedAt };
}

/** Memoized, so that the same text gives the same document, and values computed from it can be cached per document. */
const parseText = memoizeText((text): EventDocument => {
  const tree = readComponents(splitLines(text), 'VCALENDAR');
  const calendar = wholeCalendar(tree);
  if (typeof calendar === 'string') throw unparseable(calendar);
  const zones = componentsIn(calendar).filter(({ name }) => name === 'VTIMEZONE');
  const vtimezones = zones.map((zone) => joinLines(linesOf([zone])));
  const inside = calendar.parts.map((part) => (isEvent(part) ? new EventComponent(part, vtimezones) : part));
  const parts = tree.parts.flatMap((part) =>
    part === calendar ? [part.beginLine, ...inside, ...(part.endLine ? [part.endLine] : [])] : [part],
  );
  const components = inside.filter((part) => part instanceof EventComponent);
  const first = components[0];
  const uid = first?.uid;
  if (!first || !uid) throw unparseable('no VEVENT or VTODO with a UID');
  if (components.some((each) => each.uid !== uid)) throw unparseable('several UIDs');
  if (components.filter((each) => each.recurrenceId === null).length > 1) throw unparseable('several masters');
  return makeDocument({ uid, component: first.name, vtimezones, storedAt: null }, parts);
});

/** Returns METHOD in upper case, null if the calendar has none. */
export function methodOf({ parts }: EventDocument): string | null {
  const line = parts.find((part) => part instanceof ContentLine && part.name === 'METHOD');
  return line instanceof ContentLine ? line.value.trim().toUpperCase() : null;
}

/** Returns the text of the document. */
export function eventText({ parts }: EventDocument): string {
  return joinLines(linesOf(parts));
}

/** Returns the document with other parts. */
export function withParts(document: EventDocument, parts: EventDocument['parts']): EventDocument {
  return makeDocument(document, parts);
}

/** Returns the document with its events changed. */
export function mapEvents(document: EventDocument, change: (event: EventComponent) => EventComponent): EventDocument {
  return makeDocument(
    document,
    document.parts.map((part) => (part instanceof EventComponent ? change(part) : part)),
  );
}

/** Returns the overrides of exactly this occurrence (in one of the three forms of an OccurrenceKey). */
export function overridesAt(document: EventDocument, recurrenceId: string): EventComponent[] {
  return document.overrides.filter((override) => override.recurrenceId === recurrenceId);
}

/** Returns the recurrenceId of each override and null for the master, in the order of the text. */
export function recurrenceIdsOf(document: EventDocument): (string | null)[] {
  return document.parts.flatMap((part) => (part instanceof EventComponent ? [part.recurrenceId] : []));
}

/** Returns SEQUENCE of the component for this occurrence, 0 if missing. */
export function sequenceOf(document: EventDocument, recurrenceId: string | null): number {
  return componentFor(document, recurrenceId)?.sequence ?? 0;
}

/** Returns the component for this occurrence: its override, else the master. */
export function componentFor(document: EventDocument, recurrenceId: string | null): EventComponent | null {
  return (
    document.overrides.find((each) => recurrenceId !== null && each.recurrenceId === recurrenceId) ?? document.master
  );
}

/** Returns the PARTSTAT of an attendee for this occurrence, null if the component does not invite the attendee. */
export function partstatOf(
  document: EventDocument,
  attendee: CalendarAddress,
  recurrenceId: string | null,
): Partstat | null {
  return componentFor(document, recurrenceId)?.partstatOf(attendee) ?? null;
}

/** Returns the master, then the overrides. */
export function componentsOf(document: EventDocument | null): EventComponent[] {
  return document ? [...(document.master ? [document.master] : []), ...document.overrides] : [];
}

/** Returns whether the event may have other occurrences than its start. */
export function isRecurring(document: EventDocument): boolean {
  return document.master?.property('RRULE') != null || document.master?.property('RDATE') != null;
}

function makeDocument(
  facts: Pick<EventDocument, 'uid' | 'component' | 'vtimezones' | 'storedAt'>,
  parts: EventDocument['parts'],
): EventDocument {
  const components = parts.filter((part) => part instanceof EventComponent);
  return {
    uid: facts.uid,
    component: facts.component,
    vtimezones: facts.vtimezones,
    storedAt: facts.storedAt,
    parts,
    master: components.find((each) => each.recurrenceId === null) ?? null,
    overrides: components.filter((each) => each.recurrenceId !== null),
  };
}

/** Returns the result of `read`, null if it throws `calendar-unparseable`. */
export function nullIfUnparseable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}

/** Returns a GatewayError `calendar-unparseable`. */
export function unparseable(problem: string): GatewayError {
  return new GatewayError('calendar-unparseable', `the calendar cannot be read: ${problem}`);
}
