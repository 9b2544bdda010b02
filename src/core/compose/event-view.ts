// Reads an event or one occurrence for display. In: calendar text, the occurrence, the recipient; out: an EventView. Its texts
// are unescaped but still untrusted. An occurrence without an override is computed from the master. It refuses a calendar
// without an event.
import { GatewayError } from '../errors.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { type EventComponent, partstatIn, storedAddress } from '../ical/event-component.ts';
import { type EventDocument, methodOf, overridesAt, parseEvent } from '../ical/event-document.ts';
import { occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { occurrenceSpan } from '../ical/occurrence-span.ts';
import type { CalendarAddress, CalendarTime } from '../ical/types.ts';
import { safeLink } from './safe-link.ts';
import type { EventView, Guest, Person } from './types.ts';

function textOf(component: EventComponent, name: string): string {
  return unescapeText(component.property(name)?.value ?? '');
}

/** Keeps a value that is not a mail address, such as a URN or the path of a principal. */
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

const guestCache = new WeakMap<EventComponent, readonly Guest[]>();

/** Cached, because the same component is mailed to each of up to 2,000 guests. */
function guestsOf(component: EventComponent): readonly Guest[] {
  const guests = guestCache.get(component) ?? component.properties('ATTENDEE').map(guestOf);
  guestCache.set(component, guests);
  return guests;
}

/** Returns the link to an online meeting: CONFERENCE (RFC 7986 §5.11), else a vendor's property, else URL. */
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

/** Returns the dates of RDATE that are not excluded. */
function addedOf(document: EventDocument, component: EventComponent): CalendarTime[] {
  const excluded = new Set(excludedOf(document, component).map(occurrenceIdOf));
  const added = inOrder(component.dates('RDATE').map(({ time }) => time));
  return added.filter((time) => !excluded.has(occurrenceIdOf(time)));
}

function inOrder(times: readonly (CalendarTime | null)[]): CalendarTime[] {
  return times.filter((time) => time !== null).sort((a, b) => a.local.localeCompare(b.local));
}

interface Selection {
  readonly component: EventComponent;
  /** Whether `component` is the master and must be moved to the occurrence, because there is no override. */
  readonly moved: boolean;
}

function selectComponent(
  document: EventDocument,
  recurrenceId: string | null,
  recipient: CalendarAddress | null,
): Selection | null {
  const { master, overrides } = document;
  if (recurrenceId === null) {
    // An attendee who is invited to single occurrences gets a calendar without the master.
    const own = overrides.find((override) => recipient !== null && override.partstatOf(recipient) !== null);
    const component = master ?? own ?? overrides[0];
    return component === undefined ? null : { component, moved: false };
  }
  const override = overridesAt(document, recurrenceId)[0] ?? (master === null ? overrides[0] : undefined);
  if (override !== undefined) return { component: override, moved: false };
  return master === null ? null : { component: master, moved: true };
}

/**
 * @param recurrenceId as in OccurrenceKey; null for the event itself or, in a calendar without a master, an override
 * @param recipient selects the override to which this attendee is invited, in a calendar without a master
 * @throws GatewayError `calendar-unparseable`
 */
export function readEventView(
  calendar: string,
  recurrenceId: string | null,
  recipient: CalendarAddress | null,
): EventView {
  const document = parseEvent(calendar);
  const selection = selectComponent(document, recurrenceId, recipient);
  if (selection === null) throw new GatewayError('calendar-unparseable', 'the calendar has no event');
  const { component, moved } = selection;
  const organizer = component.property('ORGANIZER');
  const own = timeOf(component.property('RECURRENCE-ID'), document.vtimezones);
  const { start, end } = moved ? occurrenceSpan(component, recurrenceId ?? '') : component;
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
    // RFC 5546 §3.2.5: METHOD:CANCEL is sufficient; STATUS may be missing.
    cancelled: component.cancelled || methodOf(document) === 'CANCEL',
  };
}

/**
 * Returns the text of COMMENT (RFC 5545 §3.8.1.4), '' if there is none. A guest writes it with an answer, or the organizer
 * with an invitation.
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
