// Computes fingerprints of the messages that attendees send. In: a REPLY, COUNTER or REFRESH; out: a digest that is equal for
// messages that tell the organizer the same. It refuses text that is not a calendar.
import { createHash } from 'node:crypto';
import { componentsOf, parseEvent } from '../ical/event-document.ts';
import { occurrenceIdOf } from '../ical/occurrence-id.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { answerContent } from './answer-content.ts';
import { readMessage } from './read-message.ts';
import type { ClaimedItem } from './types.ts';

/**
 * Returns a digest of what an attendee tells the organizer: the answers or the proposed times by occurrence, with their
 * comments. It ignores all else, because doors and servers write the rest of the event differently.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function attendeeFingerprint(message: {
  readonly method: string;
  readonly from: CalendarAddress;
  readonly to: CalendarAddress;
  readonly calendar: string;
}): string {
  const { method, from, to, calendar } = message;
  const { items } = readMessage(calendar, method);
  const own = items.filter(({ attendee }) => attendee === null || attendee.key === from.key);
  const told = own.length === 0 ? [calendar] : own.map((item) => JSON.stringify(contentOf(item))).sort();
  const partstats = componentsOf(parseEvent(calendar)).map((each) => each.partstatOf(from));
  return createHash('sha256')
    .update(JSON.stringify([method, from.key, to.key, told, partstats]))
    .digest('base64url');
}

function contentOf(item: ClaimedItem): readonly unknown[] {
  const { kind, occurrence } = item;
  const about = [kind, occurrence.uid, occurrence.recurrenceId];
  if (item.kind === 'refresh') return about;
  const stated = [...about, item.sequence ?? 0, item.comment?.trim() ?? ''];
  if (item.kind === 'answer') return [...stated, answerContent(item)];
  return [...stated, ...[item.start, item.end].map((time) => time && occurrenceIdOf(time))];
}
