// The end of an event or of one occurrence. In: the event, the occurrence and the expansion of series; out: the time,
// or null if the event has no end or cannot be expanded. It refuses nothing.
import { componentFor, componentsOf, type EventDocument, isRecurring } from '../../core/ical/event-document.ts';
import type { EventComponent } from '../../core/ical/event-component.ts';
import { DAY } from '../../core/ical/local-time.ts';
import { durationOf, formOf, millisOf, type Span } from '../../core/ical/occurrence-id.ts';
import { occurrenceSpan } from '../../core/ical/occurrence-span.ts';
import { readRule } from '../../core/ical/read-rule.ts';
import type { CalendarTime } from '../../core/ical/types.ts';
import { seriesQuery } from '../../core/itip/match-occurrence.ts';
import type { Expand } from '../ports/recurrence.ts';

const MAX_OCCURRENCES = 3_000;

/**
 * Returns ms since 1970. `recurrenceId` null: the latest end of the event and its occurrences. A date or a floating
 * time counts as UTC plus one day, so that the result is late rather than early.
 */
export async function endOf(
  document: EventDocument,
  recurrenceId: string | null,
  expand: Expand,
): Promise<number | null> {
  if (recurrenceId !== null) {
    const component = componentFor(document, recurrenceId);
    if (component === null) return null;
    return lastOf(occurrenceSpan(component, recurrenceId));
  }
  const { master } = document;
  const ends = componentsOf(document).map((component) =>
    component === master && isRecurring(document) ? endOfSeries(document, component, expand) : lastOf(component),
  );
  const known = (await Promise.all(ends)).filter((end) => end !== null);
  return known.length === ends.length && known.length > 0 ? Math.max(...known) : null;
}

/** A to-do is never over: it may still be done after it was due. */
export async function isEventOver(
  document: EventDocument,
  recurrenceId: string | null,
  expand: Expand,
  now: number,
): Promise<boolean> {
  if (document.component === 'VTODO') return false;
  const end = await endOf(document, recurrenceId, expand);
  return end !== null && end < now;
}

function lastOf({ start, end }: Span): number | null {
  const from = instantOf(start);
  return from === null ? instantOf(end) : Math.max(from, instantOf(end) ?? from);
}

async function endOfSeries(document: EventDocument, master: EventComponent, expand: Expand): Promise<number | null> {
  const rules = master.properties('RRULE').map(({ value }) => readRule(value));
  if (rules.some((rule) => rule?.until == null && rule?.count == null)) return null;
  const lastStart = await lastStartOf(document, master, expand);
  if (lastStart === null) return null;
  const periodEnds = master.dates('RDATE').map(({ end }) => instantOf(end) ?? lastStart);
  return periodEnds.reduce((last, end) => Math.max(last, end), lastStart + Math.max(0, durationOf(master)));
}

const lastStarts = new WeakMap<EventDocument, Promise<number | null>>();

/** Cached per document, because all answers to an event and all recipients of a calendar need the same value. */
function lastStartOf(document: EventDocument, master: EventComponent, expand: Expand): Promise<number | null> {
  const known = lastStarts.get(document);
  if (known !== undefined) return known;
  const found = expand(seriesQuery(document, master, MAX_OCCURRENCES)).then((answer) => {
    const last = answer.kind === 'occurrences' && answer.complete ? answer.starts.at(-1) : undefined;
    return last === undefined ? null : instantOfId(last);
  });
  lastStarts.set(document, found);
  found.catch(() => lastStarts.delete(document));
  return found;
}

function instantOf(time: CalendarTime | null): number | null {
  if (time === null) return null;
  return time.instant ?? instantOfId(time.local);
}

function instantOfId(id: string): number | null {
  const millis = millisOf(id);
  if (Number.isNaN(millis)) return null;
  return formOf(id) === 'instant' ? millis : millis + DAY;
}
