// Reads an event or one occurrence for display. In: calendar text, the occurrence, the recipient; out: an EventView. Its texts
// are unescaped but still untrusted. An occurrence without an override is computed from the master, and a series has the time
// of its next occurrence. It refuses a calendar without an event.
import { GatewayError } from '../errors.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { type EventComponent, partstatIn, storedAddress } from '../ical/event-component.ts';
import { type EventDocument, methodOf, overridesAt, parseEvent } from '../ical/event-document.ts';
import { type AsOf, isOver, lastStart, nextOccurrence, upcoming } from '../ical/next-occurrence.ts';
import { occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { occurrenceSpan } from '../ical/occurrence-span.ts';
import { readRule } from '../ical/read-rule.ts';
import type { CalendarAddress, CalendarTime } from '../ical/types.ts';
import { type EventDifference, exceptionsOf } from '../itip/what-changed.ts';
import { descriptionOf } from './event-description.ts';
import { filesOf, meetingsOf } from './event-links.ts';
import type { EventView, Guest, Person, Recurrence } from './types.ts';

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

/** `asOf` null: past dates are included. */
function recurrenceOf(document: EventDocument, component: EventComponent, asOf: AsOf | null): Recurrence | null {
  const { start } = component;
  const rule = component.property('RRULE')?.value.trim() ?? null;
  const excluded = excludedOf(document, component);
  const excludedIds = new Set(excluded.map(occurrenceIdOf));
  const dates = datesOf(component, 'RDATE');
  if (start === null || (rule === null && dates.length === 0)) return null;
  const added = (rule === null ? inOrder([start, ...dates]) : dates).filter(
    (time) => !excludedIds.has(occurrenceIdOf(time)),
  );
  if (asOf === null) return { rrule: rule, start, last: null, added, excluded };
  const isCounted = rule !== null && readRule(rule)?.count != null;
  return {
    rrule: rule,
    start,
    last: isCounted ? lastStart(component) : null,
    added: upcoming(added, asOf),
    excluded: upcoming(excluded, asOf),
  };
}

function excludedOf(document: EventDocument, component: EventComponent): CalendarTime[] {
  const cancelled = document.overrides
    .filter((override) => override.cancelled)
    .map((override) => timeOf(override.property('RECURRENCE-ID'), override.vtimezones));
  return inOrder([...datesOf(component, 'EXDATE'), ...cancelled]);
}

function datesOf(component: EventComponent, name: 'RDATE' | 'EXDATE'): CalendarTime[] {
  return inOrder(component.dates(name).map(({ time }) => time));
}

function inOrder(times: readonly (CalendarTime | null)[]): CalendarTime[] {
  return times.filter((time) => time !== null).sort((a, b) => a.local.localeCompare(b.local));
}

/** Returns the exceptions that are not past. Cancelled occurrences are not exceptions but excluded dates. */
function exceptionsAfter(document: EventDocument, asOf: AsOf | null): EventDifference[] {
  const shown = document.overrides.filter((each) => !each.cancelled && !(asOf !== null && isOver(each, asOf)));
  const ids = new Set(shown.map(({ recurrenceId }) => recurrenceId));
  return shown.length === 0 ? [] : exceptionsOf(document).filter(({ recurrenceId }) => ids.has(recurrenceId));
}

/** Returns the occurrence, computed from the master if it has no override. */
function viewOccurrence(document: EventDocument, recurrenceId: string): EventView | null {
  const { master, overrides } = document;
  const override = overridesAt(document, recurrenceId)[0] ?? (master === null ? overrides[0] : undefined);
  if (override !== undefined) return { ...viewComponent(document, override), recurrenceId: override.recurrenceId };
  return master && { ...viewComponent(document, master), ...occurrenceSpan(master, recurrenceId), recurrenceId };
}

/** Returns the series with the time of its next occurrence. */
function viewSeries(document: EventDocument, master: EventComponent, asOf: AsOf | null): EventView {
  const view = viewComponent(document, master);
  const next = asOf === null ? null : nextOccurrence(document, asOf);
  const isFirst = next === null || (master.start !== null && next === occurrenceIdOf(master.start));
  const span = next === null ? null : (overridesAt(document, next)[0] ?? occurrenceSpan(master, next));
  return {
    ...view,
    start: span === null ? view.start : span.start,
    end: span === null ? view.end : span.end,
    recurrence: recurrenceOf(document, master, isFirst ? null : asOf),
    exceptions: exceptionsAfter(document, asOf),
  };
}

/** Returns the occurrences to which this attendee is invited, in a calendar without the master. */
function viewSingleDates(
  document: EventDocument,
  recipient: CalendarAddress | null,
  asOf: AsOf | null,
): EventView | null {
  const { overrides } = document;
  const own = recipient === null ? [] : overrides.filter((override) => override.invites(recipient));
  const dates = own.length > 0 ? own : overrides;
  const next = asOf === null ? null : nextOccurrence({ ...document, overrides: dates }, asOf);
  const shown = dates.find((each) => next !== null && each.recurrenceId === next) ?? dates[0];
  if (shown === undefined) return null;
  const view = { ...viewComponent(document, shown), recurrenceId: shown.recurrenceId };
  const starts = inOrder(dates.filter((each) => each === shown || !each.cancelled).map(({ start }) => start));
  const added = asOf === null ? starts : upcoming(starts, asOf);
  if (view.start === null || added.length < 2) return view;
  return { ...view, recurrence: { rrule: null, start: view.start, last: null, added, excluded: [] } };
}

function viewComponent(document: EventDocument, component: EventComponent): EventView {
  const organizer = component.property('ORGANIZER');
  return {
    uid: document.uid,
    item: component.name === 'VTODO' ? 'task' : 'event',
    recurrenceId: null,
    summary: textOf(component, 'SUMMARY'),
    location: textOf(component, 'LOCATION'),
    description: descriptionOf(component),
    meetings: meetingsOf(component),
    files: filesOf(component),
    start: component.start,
    end: component.end,
    isDue: component.startLine?.name === 'DUE',
    recurrence: null,
    exceptions: [],
    organizer: organizer && personOf(organizer),
    guests: guestsOf(component),
    sequence: component.sequence,
    // RFC 5546 §3.2.5: METHOD:CANCEL is sufficient; STATUS may be missing.
    cancelled: component.cancelled || methodOf(document) === 'CANCEL',
  };
}

/**
 * @param recurrenceId as in OccurrenceKey; null for the event itself or, in a calendar without a master, its overrides
 * @param recipient selects the overrides to which this attendee is invited, in a calendar without a master
 * @param asOf selects the next occurrence of a series; null: the first
 * @throws GatewayError `calendar-unparseable`
 */
export function readEventView(
  calendar: string,
  recurrenceId: string | null,
  recipient: CalendarAddress | null,
  asOf: AsOf | null,
): EventView {
  const document = parseEvent(calendar);
  const { master } = document;
  const view =
    recurrenceId !== null
      ? viewOccurrence(document, recurrenceId)
      : master !== null
        ? viewSeries(document, master, asOf)
        : viewSingleDates(document, recipient, asOf);
  if (view === null) throw new GatewayError('calendar-unparseable', 'the calendar has no event');
  return view;
}

/** Returns the event without its guests, for a guest who must not see the others. */
export function withoutGuests(event: EventView): EventView {
  return { ...event, guests: [], exceptions: event.exceptions.filter(({ kind }) => kind !== 'attendees') };
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
