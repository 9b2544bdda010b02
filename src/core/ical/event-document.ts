// A calendar object as a CalDAV server stores it: text comes in, a document goes out that gives the same text back, byte for
// byte but for what was changed. It refuses (`calendar-unparseable`) what cannot be patched safely: no or several
// VCALENDARs, components that do not nest, no event, several UIDs.
import { GatewayError } from '../errors.ts';
import { type ContentLine, joinLines, splitLines } from './content-lines.ts';
import { type ComponentName, EventComponent } from './event-component.ts';
import { remember } from './memoize-text.ts';

export interface EventDocument {
  readonly uid: string;
  readonly component: ComponentName;
  /** The whole text in order: the events, and the lines between them. */
  readonly parts: readonly (EventComponent | readonly ContentLine[])[];
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
  const { parts, vtimezones } = splitComponents(splitLines(text));
  const components = parts.filter((part) => part instanceof EventComponent);
  const first = components[0];
  const uid = first?.uid;
  if (!first || !uid) throw unparseable('no VEVENT or VTODO with a UID');
  if (components.some((each) => each.uid !== uid)) throw unparseable('several UIDs');
  if (components.filter((each) => each.recurrenceId === null).length > 1) throw unparseable('several masters');
  return makeDocument({ uid, component: first.name, vtimezones, storedAt: null }, parts);
});

/** METHOD, upper case; null where the calendar has none. */
export function methodOf(document: EventDocument): string | null {
  for (const part of document.parts) {
    const line = part instanceof EventComponent ? undefined : part.find(({ name }) => name === 'METHOD');
    if (line !== undefined) return line.value.trim().toUpperCase();
  }
  return null;
}

export function eventText(document: EventDocument): string {
  return document.parts.map((part) => joinLines(part instanceof EventComponent ? part.lines : part)).join('');
}

/** The same document with other parts. */
export function withParts(document: EventDocument, parts: EventDocument['parts']): EventDocument {
  return makeDocument(document, parts);
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

function splitComponents(lines: readonly ContentLine[]): Pick<EventDocument, 'parts' | 'vtimezones'> {
  const spans = findSpans(lines);
  const vtimezones = spans
    .filter((span) => span.name === 'VTIMEZONE')
    .map((span) => joinLines(lines.slice(span.from, span.to)));
  const parts: (EventComponent | readonly ContentLine[])[] = [];
  let copied = 0;
  for (const { name, from, to } of spans) {
    if (name !== 'VEVENT' && name !== 'VTODO') continue;
    if (from > copied) parts.push(lines.slice(copied, from));
    parts.push(new EventComponent(name, lines.slice(from, to), vtimezones));
    copied = to;
  }
  parts.push(lines.slice(copied));
  return { parts, vtimezones };
}

interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The components directly inside the one VCALENDAR. */
function findSpans(lines: readonly ContentLine[]): Span[] {
  const spans: Span[] = [];
  const open: string[] = [];
  let calendars = 0;
  let from = 0;
  for (const [at, line] of lines.entries()) {
    const word = beginOrEnd(line);
    if (word === null) {
      if (open.length === 0 && line.text.trim() !== '') throw unparseable('text outside of the VCALENDAR');
      continue;
    }
    const name = line.value.trim().toUpperCase();
    if (word === 'BEGIN') {
      if ((name === 'VCALENDAR') !== (open.length === 0)) throw unparseable(`${name} where it cannot be`);
      if (open.length === 0 && ++calendars > 1) throw unparseable('several VCALENDARs');
      if (open.length === 1) from = at;
      if (open.push(name) > 10) throw unparseable('nested too deep');
    } else {
      if (open.pop() !== name) throw unparseable(`END:${name} without its BEGIN`);
      if (open.length === 1) spans.push({ name, from, to: at + 1 });
    }
  }
  if (calendars === 0 || open.length > 0) throw unparseable(calendars === 0 ? 'no VCALENDAR' : 'it ends too early');
  return spans;
}

/** Cheap: an event has 20,000 lines that are neither, and their names may never be asked for. */
export function beginOrEnd(line: ContentLine): 'BEGIN' | 'END' | null {
  if (!/^\uFEFF?[BbEe]/.test(line.raw)) return null;
  return line.name === 'BEGIN' || line.name === 'END' ? line.name : null;
}

function unparseable(what: string): GatewayError {
  return new GatewayError('calendar-unparseable', `the calendar cannot be read: ${what}`);
}
