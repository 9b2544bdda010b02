// Checks whether a calendar object is a given event. In: calendar text, a UID, an organizer; out: whether the text is that
// organizer's event with that UID. It refuses nothing: for malformed text it returns false.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines, unescapeText } from '../../core/ical/content-lines.ts';
import { isEvent } from '../../core/ical/event-component.ts';
import { lacksMailAddress } from '../../core/itip/name-organizer.ts';
import { ownLines, readComponents } from '../../core/ical/read-components.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';

/**
 * Returns true if a VEVENT or VTODO has that UID and none of those components has another ORGANIZER. Servers match UIDs as
 * substrings (Radicale, DAViCal, Cyrus, SOGo, SabreDAV), and an attendee's copy has the same UID.
 *
 * @param principals URLs and paths of the principal, which also identify the organizer
 */
export function isEventOf(
  text: string,
  uid: string,
  organizer: CalendarAddress,
  principals: readonly string[] = [],
): boolean {
  const events = readComponents(splitLines(text)).components.filter(isEvent);
  const components = events.map(ownLines).filter((lines) => hasUid(lines, uid));
  const organizers = components.flatMap((lines) => lines.filter((line) => line.name === 'ORGANIZER'));
  return (
    components.length > 0 &&
    organizers.every((line) => hasAddress(line, organizer) || hasPrincipal(line, organizer, principals))
  );
}

export function sameAddress(text: string, address: CalendarAddress): boolean {
  return calendarAddress(text)?.key === address.key;
}

/**
 * Compares the value, EMAIL= (iCloud's ORGANIZER is a principal path) and SENT-BY. EMAIL= and SENT-BY can be trusted here,
 * because the text comes from the CalDAV server and not from a mail.
 */
function hasAddress(line: ContentLine, organizer: CalendarAddress): boolean {
  return [line.value, line.param('EMAIL') ?? '', line.param('SENT-BY') ?? ''].some((text) =>
    sameAddress(text, organizer),
  );
}

/**
 * Whether an ORGANIZER without a mail address (macOS, iOS) is the organizer: a principal that the server reports, or a path
 * whose last segment is the organizer's address or its local part.
 */
function hasPrincipal(line: ContentLine, { asWritten }: CalendarAddress, principals: readonly string[]): boolean {
  if (!lacksMailAddress(line)) return false;
  const path = principalPath(line.value);
  if (principals.some((principal) => principalPath(principal) === path)) return true;
  const names = [asWritten, asWritten.slice(0, asWritten.lastIndexOf('@'))];
  return names.some((name) => name.toLowerCase() === path.split('/').at(-1));
}

/** Without origin, percent-encoding and trailing slash, in lower case. Other URIs, such as `urn:uuid:`, are kept. */
function principalPath(uri: string): string {
  const path = uri.trim().replace(/^(?:https?:)?\/\/[^/]*/i, '');
  return tryDecode(path).replace(/\/+$/, '').toLowerCase();
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hasUid(lines: readonly ContentLine[], uid: string): boolean {
  return lines.some(
    ({ name, value }) => name === 'UID' && (value.trim() === uid || unescapeText(value.trim()) === uid),
  );
}
