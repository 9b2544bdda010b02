// A calendar object as a CalDAV server stores it: text comes in, a document goes out that gives the same text back, byte for
// byte but for what was changed. It refuses (`calendar-unparseable`) what cannot be patched safely: no or several
// VCALENDARs, components that do not nest, no event, several UIDs.
import { GatewayError } from '../errors.ts';
import { ContentLine, joinLines, splitLines } from './content-lines.ts';
import { type ComponentName, EventComponent, isEvent } from './event-component.ts';
import { remember } from './memoize-text.ts';
import { componentsIn, linesOf, type Part, readComponents, wholeCalendar } from './read-components.ts';
import type { CalendarAddress, Partstat } from './types.ts';

export interface EventDocument {
  readonly uid: string;
  readonly component: ComponentName;
  /** The whole text in order: the calendar's own lines, from before its BEGIN to behind its END, and its components. */
  readonly parts: readonly Part[];
  /** The component without RECURRENCE-ID; null where the object holds single occurrences only. */
  readonly master: EventComponent | null;
  /** In the order of the text. */
  readonly overrides: readonly EventComponent[];
  readonly vtimezones: readonly string[];
  /** StoredEvent.lastModified. */
  readonly storedAt: number | null;
}

/**
 * Reads a stored event: one UID, VEVENTs or VTODOs, each once as master and once per override.
 * `storedAt` is what the server tells of its last change (StoredEvent.lastModified), ms since 1970.
 * @throws GatewayError `calendar-unparseable`
 */
export function parseEvent(text: string, storedAt: number | null = null): EventDocument {
  const document = parseText(text);
  return storedAt === null ? document : { ...document, storedAt };
}

/** The last few texts give the documents that they gave before: what is found out about one may be kept beside it. */
const parseText = remember((text): EventDocument => {
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

/** METHOD, upper case; null where the calendar has none. */
export function methodOf({ parts }: EventDocument): string | null {
  const line = parts.find((part) => part instanceof ContentLine && part.name === 'METHOD');
  return line instanceof ContentLine ? line.value.trim().toUpperCase() : null;
}

export function eventText({ parts }: EventDocument): string {
  return joinLines(linesOf(parts));
}

/** The same document with other parts. */
export function withParts(document: EventDocument, parts: EventDocument['parts']): EventDocument {
  return makeDocument(document, parts);
}

/** The same document with its events changed. */
export function mapEvents(document: EventDocument, change: (event: EventComponent) => EventComponent): EventDocument {
  return makeDocument(
    document,
    document.parts.map((part) => (part instanceof EventComponent ? change(part) : part)),
  );
}

/** The overrides of exactly that occurrence (one of the three forms of an OccurrenceKey). */
export function overridesAt(document: EventDocument, recurrenceId: string): EventComponent[] {
  return document.overrides.filter((override) => override.recurrenceId === recurrenceId);
}

/** What the event's components are about: null for the master, else an override's recurrenceId; in the order of the text. */
export function recurrenceIdsOf(document: EventDocument): (string | null)[] {
  return document.parts.flatMap((part) => (part instanceof EventComponent ? [part.recurrenceId] : []));
}

/** SEQUENCE of the component that says what happens at that occurrence; 0 where missing. */
export function sequenceOf(document: EventDocument, recurrenceId: string | null): number {
  return componentFor(document, recurrenceId)?.sequence ?? 0;
}

/** The component that says what happens at that occurrence: its override, else the master. */
export function componentFor(document: EventDocument, recurrenceId: string | null): EventComponent | null {
  return (
    document.overrides.find((each) => recurrenceId !== null && each.recurrenceId === recurrenceId) ?? document.master
  );
}

/** What the event now says of one attendee at one occurrence, by its override or else the master; null: not an attendee there. */
export function partstatOf(
  document: EventDocument,
  attendee: CalendarAddress,
  recurrenceId: string | null,
): Partstat | null {
  return componentFor(document, recurrenceId)?.partstatOf(attendee) ?? null;
}

/** Master first; empty where there is no event. */
export function componentsOf(document: EventDocument | null): EventComponent[] {
  return document ? [...(document.master ? [document.master] : []), ...document.overrides] : [];
}

/** True where more than the master's own start may occur. */
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

/** What `read` returns; null where it throws `calendar-unparseable`. */
export function nullIfUnparseable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}

export function unparseable(what: string): GatewayError {
  return new GatewayError('calendar-unparseable', `the calendar cannot be read: ${what}`);
}
