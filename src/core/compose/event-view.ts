// In: calendar text, the occurrence asked for, the reader. Out: that event or occurrence as a value to be shown: its
// texts unescaped but still untrusted, its times read. An occurrence without an override of its own is the master,
// moved. Refuses text without an event.
import { GatewayError } from '../errors.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { type EventComponent, partstatIn, storedAddress } from '../ical/event-component.ts';
import { type EventDocument, methodOf, overridesAt, parseEvent } from '../ical/event-document.ts';
import { occurrenceIdOf, spanAt, timeOf } from '../ical/occurrence-id.ts';
import type { CalendarAddress, CalendarTime } from '../ical/types.ts';
import { safeLink } from './safe-link.ts';
import type { EventView, Guest, Person } from './types.ts';

function textOf(component: EventComponent, name: string): string {
  return unescapeText(component.property(name)?.value ?? '');
}

/** The address as written; what stands there where it is none (`urn:…`, a principal's path). */
function personOf(line: ContentLine): Person {
  const known = storedAddress(line);
  const address = known?.asWritten ?? line.value.trim();
  return { key: known?.key ?? addressKey(address), name: line.param('CN')?.trim() || address, address };
}

function guestOf(line: ContentLine): Guest {
  return {
    ...personOf(line),
    partstat: partstatIn(line),
    optional: ['OPT-PARTICIPANT', 'NON-PARTICIPANT'].includes(line.param('ROLE')?.toUpperCase() ?? ''),
  };
}

const guestsRead = new WeakMap<EventComponent, readonly Guest[]>();

/** Read once: each of 2,000 guests is mailed the same component. */
function guestsOf(component: EventComponent): readonly Guest[] {
  const guests = guestsRead.get(component) ?? component.properties('ATTENDEE').map(guestOf);
  guestsRead.set(component, guests);
  return guests;
}

/** Where the meeting is held online: RFC 7986 §5.11, what vendors wrote before it, and at last the plain URL. */
function linkOf(component: EventComponent): string | null {
  for (const name of ['CONFERENCE', 'X-GOOGLE-CONFERENCE', 'X-MICROSOFT-SKYPETEAMSMEETINGURL', 'URL']) {
    for (const line of component.properties(name)) {
      const link = safeLink(unescapeText(line.value));
      if (link !== null) return link;
    }
  }
  return null;
}

function excludedOf(document: EventDocument, component: EventComponent): CalendarTime[] {
  const cancelled = document.overrides
    .filter((override) => override.cancelled)
    .map((override) => timeOf(override.property('RECURRENCE-ID'), override.vtimezones));
  return inOrder([...component.dates('EXDATE').map(({ time }) => time), ...cancelled]);
}

/** The dates that RDATE adds and nothing takes away. */
function addedOf(document: EventDocument, component: EventComponent): CalendarTime[] {
  const gone = new Set(excludedOf(document, component).map(occurrenceIdOf));
  const added = inOrder(component.dates('RDATE').map(({ time }) => time));
  return added.filter((time) => !gone.has(occurrenceIdOf(time)));
}

function inOrder(times: readonly (CalendarTime | null)[]): CalendarTime[] {
  return times.filter((time) => time !== null).sort((a, b) => a.local.localeCompare(b.local));
}

interface Chosen {
  readonly component: EventComponent;
  /** The occurrence asked for has no override: the master stands for it. */
  readonly moved: boolean;
}

function choose(
  document: EventDocument,
  recurrenceId: string | null,
  recipient: CalendarAddress | null,
): Chosen | null {
  const { master, overrides } = document;
  if (recurrenceId === null) {
    // Somebody invited to one date of a series gets a calendar without the master.
    const own = overrides.find((override) => recipient !== null && override.partstatOf(recipient) !== null);
    const component = master ?? own ?? overrides[0];
    return component === undefined ? null : { component, moved: false };
  }
  const override = overridesAt(document, recurrenceId)[0] ?? (master === null ? overrides[0] : undefined);
  if (override !== undefined) return { component: override, moved: false };
  return master === null ? null : { component: master, moved: true };
}

/**
 * @param recurrenceId as in OccurrenceKey; null: the event itself, or its only date where the calendar has no master
 * @throws GatewayError `calendar-unparseable`
 */
export function readEventView(
  calendar: string,
  recurrenceId: string | null,
  recipient: CalendarAddress | null,
): EventView {
  const document = parseEvent(calendar);
  const chosen = choose(document, recurrenceId, recipient);
  if (chosen === null) throw new GatewayError('calendar-unparseable', 'the calendar holds no event');
  const { component, moved } = chosen;
  const organizer = component.property('ORGANIZER');
  const own = timeOf(component.property('RECURRENCE-ID'), document.vtimezones);
  const { start, end } = moved ? spanAt(component, recurrenceId ?? '', document.vtimezones) : component;
  return {
    uid: document.uid,
    recurrenceId: moved ? recurrenceId : own && occurrenceIdOf(own),
    summary: textOf(component, 'SUMMARY'),
    location: textOf(component, 'LOCATION'),
    description: textOf(component, 'DESCRIPTION'),
    url: linkOf(component),
    start,
    end,
    rrule: moved ? null : (component.property('RRULE')?.value.trim() ?? null),
    added: moved ? [] : addedOf(document, component),
    excluded: moved ? [] : excludedOf(document, component),
    organizer: organizer && personOf(organizer),
    guests: guestsOf(component),
    sequence: component.sequence,
    // RFC 5546 §3.2.5: a CANCEL says so by its METHOD; STATUS may be missing.
    cancelled: component.cancelled || methodOf(document) === 'CANCEL',
  };
}

/**
 * COMMENT: what a guest writes with an answer, or the organizer to the guests (RFC 5545 §3.8.1.4); '' where there is none.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function readComment(calendar: string): string {
  const { master, overrides } = parseEvent(calendar);
  const component = master ?? overrides[0];
  return component === undefined
    ? ''
    : component
        .properties('COMMENT')
        .map((line) => unescapeText(line.value))
        .join('\n');
}
