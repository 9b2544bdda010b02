// Which occurrence of a stored event does a RECURRENCE-ID mean? The event, the id in one of its three forms and what the
// recurrence engine answered come in; the occurrence as the event knows it goes out. It refuses to guess: what could
// mean two occurrences means none.
import type { EventComponent } from '../ical/event-component.ts';
import { type EventDocument, isRecurring, overridesAt } from '../ical/event-document.ts';
import { formatDate, formatInstant, formatLocal, HOUR } from '../ical/local-time.ts';
import { formOf, millisOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { localAt, resolveLocal } from '../ical/time-zones.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from './types.ts';

export type Match =
  /** The event itself: no recurrence, or no RECURRENCE-ID. */
  | { readonly kind: 'master' }
  | { readonly kind: 'override'; readonly recurrenceId: string }
  /** An instance of the series that has no override yet. */
  | { readonly kind: 'instance'; readonly recurrenceId: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'too-expensive' };

/** Local times run from 12 hours behind UTC to 14 hours before it. */
const EAST = 14 * HOUR;
const WEST = 12 * HOUR;
/** Occurrences to look at where an id may mean any of a day. */
const A_DAY_OF_THEM = 100;

/** What must be known of the series before that id can be matched; null: nothing. */
export function queryFor(document: EventDocument, recurrenceId: string, limit: number): OccurrenceQuery | null {
  const { master, uid } = document;
  if (!master?.start || !isRecurring(document) || Number.isNaN(millisOf(recurrenceId))) return null;
  const from = exactId(document, recurrenceId);
  const base = { calendar: seriesText(document, master), uid };
  if (from !== null) return { ...base, from, limit };
  return { ...base, from: startOfWindow(document, recurrenceId), limit: limit + A_DAY_OF_THEM };
}

export function matchOccurrence(
  document: EventDocument,
  recurrenceId: string,
  occurrences: OccurrenceAnswer | null,
): Match {
  const exact = exactId(document, recurrenceId) ?? recurrenceId;
  if (overridesAt(document, exact).length > 0) return { kind: 'override', recurrenceId: exact };
  if (occurrences?.kind === 'too-expensive') return { kind: 'too-expensive' };
  const starts = startsOf(document, occurrences);
  const meant = meantBy(document, recurrenceId, [...overrideIds(document), ...starts]);
  if (meant !== null) {
    if (overridesAt(document, meant).length > 0) return { kind: 'override', recurrenceId: meant };
    return isRecurring(document) ? { kind: 'instance', recurrenceId: meant } : { kind: 'master' };
  }
  // Decision table, "one instance": Google and SOGo name an override that was moved by the time it was moved to.
  const moved = document.overrides.filter((each) => each.start && occurrenceIdOf(each.start) === exact);
  const only = new Set(moved.map((each) => each.recurrenceId));
  const [found] = only;
  return only.size === 1 && found ? { kind: 'override', recurrenceId: found } : { kind: 'none' };
}

/** The id in the form of the event's own occurrences, where that can be told without looking at them. */
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
    // The client lost the zone, or made one up: it is the event's, which the client was told.
    const instant = resolveLocal(id, zoneOf(document), document.vtimezones);
    return instant === null ? null : formatInstant(instant);
  }
  return null;
}

/** Of the event's occurrences the one that the id means; null where it is none of them or several. */
function meantBy(document: EventDocument, id: string, candidates: readonly string[]): string | null {
  const exact = exactId(document, id);
  if (exact !== null) return candidates.includes(exact) ? exact : null;
  const meant = new Set(candidates.filter((candidate) => mayMean(document, id, candidate)));
  const [only] = meant;
  return meant.size === 1 && only !== undefined ? only : null;
}

function mayMean(document: EventDocument, id: string, candidate: string): boolean {
  if (formOf(id) === 'date') return localDate(document, candidate) === id;
  // An instant for an occurrence without zone (all-day, floating): the client read it in a zone of its own.
  const offset = millisOf(candidate) - millisOf(id);
  return formOf(id) === 'instant' && formOf(candidate) !== 'instant' && offset >= -WEST && offset <= EAST;
}

function localDate(document: EventDocument, id: string): string {
  if (formOf(id) !== 'instant') return id.slice(0, 8);
  return (localAt(millisOf(id), zoneOf(document), document.vtimezones) ?? id).slice(0, 8);
}

/** The TZID of the event's start as written; UTC where it has none. */
export function zoneOf(document: EventDocument): string {
  const component = document.master ?? document.overrides[0];
  return component?.startLine?.param('TZID') ?? 'UTC';
}

/** Where to begin to look, in the form of the event's own occurrences, for an id that may mean any of a day. */
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

/** Only what says when the series occurs: the engine need not read 20,000 attendees. */
function seriesText(document: EventDocument, master: EventComponent): string {
  const names = ['UID', 'DTSTART', 'DTEND', 'DUE', 'DURATION', 'RRULE', 'RDATE', 'EXDATE', 'EXRULE'];
  const lines = names.flatMap((name) => master.properties(name)).map((line) => `${line.text}\r\n`);
  const event = `BEGIN:${master.name}\r\n${lines.join('')}END:${master.name}\r\n`;
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${document.vtimezones.join('')}${event}END:VCALENDAR\r\n`;
}
