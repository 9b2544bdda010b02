// The expiry of an RSVP link: 7 days after the end of the last occurrence, or 400 days from now if the series has no end or
// cannot be expanded within the limits.
import { readEventView } from '../../core/compose/event-view.ts';
import { type EventDocument, parseEvent } from '../../core/ical/event-document.ts';
import { DAY } from '../../core/ical/local-time.ts';
import { formOf, millisOf } from '../../core/ical/occurrence-id.ts';
import { readRule } from '../../core/ical/read-rule.ts';
import type { CalendarTime } from '../../core/ical/types.ts';
import type { OccurrenceQuery } from '../../core/itip/types.ts';
import type { Expand } from '../ports/recurrence.ts';

const AFTER_END_MS = 7 * DAY;
const OPEN_ENDED_MS = 400 * DAY;
const MAX_OCCURRENCES = 3_000;

/** Returns ms since 1970, at least 7 days ahead, so that an invitation to a past event can still be read. */
export async function linkExpiry(
  calendar: string,
  uid: string,
  recurrenceId: string | null,
  expand: Expand,
  now: number,
): Promise<number> {
  const { start, end, rrule, added } = readEventView(calendar, recurrenceId, null);
  const length = Math.max(0, (instantOf(end) ?? 0) - (instantOf(start) ?? 0));
  if ((rrule === null && added.length === 0) || recurrenceId !== null) {
    const ends = instantOf(end) ?? instantOf(start);
    return Math.max(ends === null ? now + OPEN_ENDED_MS : ends + AFTER_END_MS, now + AFTER_END_MS);
  }
  const rule = rrule === null ? null : readRule(rrule);
  if (rrule !== null && rule?.until == null && rule?.count == null) return now + OPEN_ENDED_MS;
  const lastStart = await lastStartOf(
    parseEvent(calendar),
    { calendar, uid, from: null, limit: MAX_OCCURRENCES },
    expand,
  );
  return lastStart === null ? now + OPEN_ENDED_MS : Math.max(lastStart + length + AFTER_END_MS, now + AFTER_END_MS);
}

const lastStarts = new WeakMap<EventDocument, Promise<number | null>>();

/** Returns null if the series cannot be expanded completely. All recipients of one calendar share one expansion. */
function lastStartOf(document: EventDocument, query: OccurrenceQuery, expand: Expand): Promise<number | null> {
  const known = lastStarts.get(document);
  if (known !== undefined) return known;
  const found = expand(query).then((answer) => {
    const last = answer.kind === 'occurrences' && answer.complete ? answer.starts.at(-1) : undefined;
    return last === undefined ? null : instantOfId(last);
  });
  lastStarts.set(document, found);
  found.catch(() => lastStarts.delete(document));
  return found;
}

/** A date or a floating time counts as UTC plus one day, so that a link expires late rather than early. */
export function instantOf(time: CalendarTime | null): number | null {
  if (time === null) return null;
  return time.instant ?? instantOfId(time.local);
}

function instantOfId(id: string): number | null {
  const millis = millisOf(id);
  if (Number.isNaN(millis)) return null;
  return formOf(id) === 'instant' ? millis : millis + DAY;
}
