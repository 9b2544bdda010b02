// In: calendar text, the occurrence asked for, the reader. Out: that event or occurrence as a value to be shown: its
// texts unescaped but still untrusted, its times read. An occurrence without an override of its own is the master,
// moved. Refuses text without an event.
import { GatewayError } from '../errors.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { type EventComponent, partstatIn, storedAddress } from '../ical/event-component.ts';
import { type EventDocument, methodOf, overridesAt, parseEvent } from '../ical/event-document.ts';
import { formatLocal, parseLocal } from '../ical/local-time.ts';
import { endOf } from '../itip/normal-form.ts';
import { occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { localAt, readTime, resolveLocal } from '../ical/time-zones.ts';
import type { CalendarAddress, CalendarTime } from '../ical/types.ts';
import { safeLink } from './safe-link.ts';
import type { EventView, Guest, Person } from './types.ts';

/** The time `by` milliseconds later on its own clock. */
function later(time: CalendarTime, by: number, zones: readonly string[]): CalendarTime {
  const local = formatLocal((parseLocal(time.local) ?? 0) + by);
  if (time.form === 'date') return { ...time, local: local.slice(0, 8) };
  const instant = time.zone === null ? null : resolveLocal(local, time.zone, zones);
  return { ...time, local, instant };
}

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
  const zones = document.vtimezones;
  const cancelled = document.overrides
    .filter((override) => override.cancelled)
    .map((override) => timeOf(override.property('RECURRENCE-ID'), zones));
  return inOrder([...datesOf(component, 'EXDATE', zones), ...cancelled]);
}

/** The dates that RDATE adds and nothing takes away. */
function addedOf(document: EventDocument, component: EventComponent): CalendarTime[] {
  const gone = new Set(excludedOf(document, component).map(occurrenceIdOf));
  const added = inOrder(datesOf(component, 'RDATE', document.vtimezones));
  return added.filter((time) => !gone.has(occurrenceIdOf(time)));
}

/** Of a PERIOD its start. */
function datesOf(component: EventComponent, name: string, zones: readonly string[]): (CalendarTime | null)[] {
  return component.properties(name).flatMap((line) => {
    const valueType = line.param('VALUE')?.toUpperCase() === 'PERIOD' ? null : line.param('VALUE');
    const starts = line.value.split(',').map((value) => value.split('/')[0] ?? '');
    return starts.map((start) => readTime(start, { tzid: line.param('TZID'), valueType }, zones));
  });
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

/** The master's start moved to the occurrence, in the master's zone and form. */
function movedStart(start: CalendarTime, recurrenceId: string, zones: readonly string[]): CalendarTime {
  const asked = readTime(recurrenceId, {}, []);
  if (asked === null) return start;
  const local = asked.instant !== null && start.zone !== null ? localAt(asked.instant, start.zone, zones) : asked.local;
  if (local === null) return asked;
  if (start.form === 'date') return { ...start, local: local.slice(0, 8) };
  return {
    ...start,
    local,
    instant: asked.instant ?? (start.zone === null ? null : resolveLocal(local, start.zone, zones)),
  };
}

function timesOf(
  component: EventComponent,
  moveTo: string | null,
  zones: readonly string[],
): { readonly start: CalendarTime | null; readonly end: CalendarTime | null } {
  const { start } = component;
  const end = endOf(component, zones);
  if (moveTo === null || start === null) return { start, end };
  const moved = movedStart(start, moveTo, zones);
  const from = parseLocal(start.local) ?? 0;
  const until = end === null ? null : parseLocal(end.local);
  return { start: moved, end: until === null ? null : later(moved, until - from, zones) };
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
  return {
    uid: document.uid,
    recurrenceId: moved ? recurrenceId : own && occurrenceIdOf(own),
    summary: textOf(component, 'SUMMARY'),
    location: textOf(component, 'LOCATION'),
    description: textOf(component, 'DESCRIPTION'),
    url: linkOf(component),
    ...timesOf(component, moved ? recurrenceId : null, document.vtimezones),
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
