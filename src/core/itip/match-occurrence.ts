// Finds the occurrence of a stored event that a RECURRENCE-ID identifies. In: the event, the id in one of its three forms, and
// the result of the recurrence engine; out: the occurrence in the form of the event. It refuses (`none`) an id that may match
// several occurrences.
import type { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, isRecurring, overridesAt } from '../ical/event-document.ts';
import { formatDate, formatInstant, formatLocal, HOUR } from '../ical/local-time.ts';
import { formOf, millisOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { SCHEDULE_PROPERTIES } from '../ical/series.ts';
import { localAt, resolveLocal } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from './types.ts';

export type Match =
  /** The event itself: no recurrence, or no RECURRENCE-ID. */
  | { readonly kind: 'master' }
  | { readonly kind: 'override'; readonly recurrenceId: string }
  /** An instance of the series that has no override yet. */
  | { readonly kind: 'instance'; readonly recurrenceId: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'too-expensive' };

/** Local times are from 12 hours behind UTC to 14 hours ahead of it. */
const EAST = 14 * HOUR;
const WEST = 12 * HOUR;
/** The maximum number of occurrences to examine if an id may match any occurrence of a day. */
const MAX_PER_DAY = 100;

/** Returns the query that is needed to match this id, null if none is needed. */
export function queryFor(document: EventDocument, recurrenceId: string, limit: number): OccurrenceQuery | null {
  const { master } = document;
  if (!master?.start || !isRecurring(document) || Number.isNaN(millisOf(recurrenceId))) return null;
  const from = exactId(document, recurrenceId);
  // Midnight may mean any occurrence of its day, and is also the earliest time of that day.
  if (from !== null) {
    const most = dayOf(document, recurrenceId) === null ? limit : limit + MAX_PER_DAY;
    return { ...seriesQuery(document, master, most), from };
  }
  return { ...seriesQuery(document, master, limit + MAX_PER_DAY), from: startOfWindow(document, recurrenceId) };
}

/** Returns the query for the first `limit` occurrences of the series. */
export function seriesQuery(
  { uid, vtimezones }: EventDocument,
  master: EventComponent,
  limit: number,
): OccurrenceQuery {
  return { calendar: seriesText(vtimezones, master), uid, from: null, limit };
}

/** `occurrences` is the result of the query from `queryFor`, null if there was none. */
export function matchOccurrence(
  document: EventDocument,
  recurrenceId: string,
  occurrences: OccurrenceAnswer | null,
): Match {
  const exact = exactId(document, recurrenceId) ?? recurrenceId;
  if (overridesAt(document, exact).length > 0) return { kind: 'override', recurrenceId: exact };
  if (occurrences?.kind === 'too-expensive') return { kind: 'too-expensive' };
  const starts = startsOf(document, occurrences);
  const matched = findAmong(document, recurrenceId, [...overrideIds(document), ...starts]);
  if (matched !== null) {
    if (overridesAt(document, matched).length > 0) return { kind: 'override', recurrenceId: matched };
    return isRecurring(document) ? { kind: 'instance', recurrenceId: matched } : { kind: 'master' };
  }
  // Decision table, "one instance": Google and SOGo identify a moved override by its new start.
  const moved = document.overrides.filter((each) => each.start && occurrenceIdOf(each.start) === exact);
  const only = new Set(moved.map((each) => each.recurrenceId));
  const [found] = only;
  if (only.size === 1 && found) return { kind: 'override', recurrenceId: found };
  const day = only.size > 0 || isExcluded(document, exact) ? null : dayOf(document, recurrenceId);
  return day === null ? { kind: 'none' } : matchOccurrence(document, day, occurrences);
}

/**
 * Returns the date of a time that is midnight in the zone of the event, else null. Some clients write the date of an occurrence
 * as midnight, also if it begins at another time.
 */
function dayOf(document: EventDocument, id: string): string | null {
  const local = formOf(id) === 'instant' ? localAt(millisOf(id), zoneOf(document), document.vtimezones) : id;
  return local?.endsWith('T000000') ? local.slice(0, 8) : null;
}

function isExcluded({ master }: EventDocument, id: string): boolean {
  return master?.dates('EXDATE').some(({ time }) => time !== null && occurrenceIdOf(time) === id) === true;
}

/** Returns the overrides that begin at that time, else those whose original start it is. The time may be in any form. */
export function overridesNamed(
  document: EventDocument,
  overrides: readonly EventComponent[],
  time: CalendarTime,
): readonly EventComponent[] {
  const id = exactId(document, occurrenceIdOf(time)) ?? occurrenceIdOf(time);
  const moved = overrides.filter(({ start }) => start !== null && occurrenceIdOf(start) === id);
  return moved.length > 0 ? moved : overrides.filter(({ recurrenceId }) => recurrenceId === id);
}

/** Returns the id in the form of the event's occurrences, null if it can be found only by comparing with them. */
function exactId(document: EventDocument, id: string): string | null {
  const start = document.master?.start ?? document.overrides[0]?.start;
  if (!start) return id;
  const form = formOf(id);
  if (form === formOf(occurrenceIdOf(start))) return id;
  if (start.form === 'date') {
    // Outlook writes the date of an all-day occurrence as midnight.
    return form === 'local' && id.endsWith('T000000') ? id.slice(0, 8) : null;
  }
  if (form === 'local' && start.instant !== null) {
    // The client dropped the zone or wrote an unknown one. It means the zone of the event, which it received.
    const instant = resolveLocal(id, zoneOf(document), document.vtimezones);
    return instant === null ? null : formatInstant(instant);
  }
  return null;
}

/** Returns the only candidate that the id matches, null if there is none or more than one. */
function findAmong(document: EventDocument, id: string, candidates: readonly string[]): string | null {
  const exact = exactId(document, id);
  if (exact !== null) return candidates.includes(exact) ? exact : null;
  const matched = new Set(candidates.filter((candidate) => mayMatch(document, id, candidate)));
  const [only] = matched;
  return matched.size === 1 && only !== undefined ? only : null;
}

function mayMatch(document: EventDocument, id: string, candidate: string): boolean {
  if (formOf(id) === 'date') return localDate(document, candidate) === id;
  // An instant for an all-day or floating occurrence: the client converted it from its own zone.
  const offset = millisOf(candidate) - millisOf(id);
  return formOf(id) === 'instant' && formOf(candidate) !== 'instant' && offset >= -WEST && offset <= EAST;
}

function localDate(document: EventDocument, id: string): string {
  if (formOf(id) !== 'instant') return id.slice(0, 8);
  return (localAt(millisOf(id), zoneOf(document), document.vtimezones) ?? id).slice(0, 8);
}

/** Returns the TZID of the event's start as written, UTC if it has none. */
export function zoneOf(document: EventDocument): string {
  const component = document.master ?? document.overrides[0];
  return component?.startLine?.param('TZID') ?? 'UTC';
}

/** Returns the earliest occurrence that the id may match, in the form of the event's occurrences. */
function startOfWindow(document: EventDocument, id: string): string {
  const start = document.master?.start;
  const from = formOf(id) === 'instant' ? millisOf(id) - WEST : millisOf(id);
  if (start?.form === 'date') return formatDate(from);
  if (start?.instant == null) return formatLocal(from);
  const instant = resolveLocal(formatLocal(from), zoneOf(document), document.vtimezones);
  return formatInstant(instant ?? from - EAST);
}

function overrideIds(document: EventDocument): string[] {
  return document.overrides.flatMap((each) => each.recurrenceId ?? []);
}

function startsOf(document: EventDocument, occurrences: OccurrenceAnswer | null): readonly string[] {
  if (occurrences?.kind === 'occurrences') return occurrences.starts;
  const start = isRecurring(document) ? null : document.master?.start;
  return start ? [occurrenceIdOf(start)] : [];
}

/** Returns only the properties that define the recurrence set, so that the engine does not parse 20,000 attendees. */
function seriesText(vtimezones: readonly string[], master: EventComponent): string {
  const lines = ['UID', ...SCHEDULE_PROPERTIES]
    .flatMap((name) => master.properties(name))
    .map((line) => `${line.text}\r\n`);
  const event = `BEGIN:${master.name}\r\n${lines.join('')}END:${master.name}\r\n`;
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${vtimezones.join('')}${event}END:VCALENDAR\r\n`;
}
