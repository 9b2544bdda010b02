// The expiry of an RSVP link: 7 days after the event or its last occurrence ends, or 400 days from now if there is no
// end.
import { parseEvent } from '../../core/ical/event-document.ts';
import { DAY } from '../../core/ical/local-time.ts';
import type { Expand } from '../ports/recurrence.ts';
import { endOf } from './event-end.ts';

const AFTER_END_MS = 7 * DAY;
const OPEN_ENDED_MS = 400 * DAY;

/** Returns ms since 1970, at least 7 days ahead, so that an invitation to a past event can still be read. */
export async function linkExpiry(
  calendar: string,
  recurrenceId: string | null,
  expand: Expand,
  now: number,
): Promise<number> {
  const end = await endOf(parseEvent(calendar), recurrenceId, expand);
  return end === null ? now + OPEN_ENDED_MS : Math.max(end, now) + AFTER_END_MS;
}
