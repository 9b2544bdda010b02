// Checks whether a calendar object is a given event. In: calendar text, a UID, an organizer; out: whether the text is that
// organizer's event with that UID. It refuses nothing: for malformed text it returns false.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines, unescapeText } from '../../core/ical/content-lines.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';

/**
 * Returns true if a VEVENT or VTODO has that UID and none of those components has another ORGANIZER. Servers match UIDs as
 * substrings (Radicale, DAViCal, Cyrus, SOGo, SabreDAV), and an attendee's copy has the same UID.
 */
export function isEventOf(text: string, uid: string, organizer: CalendarAddress): boolean {
  const components = scheduledComponents(text).filter((lines) => hasUid(lines, uid));
  const organizers = components.flatMap((lines) => lines.filter((line) => line.name === 'ORGANIZER'));
  return components.length > 0 && organizers.every((line) => hasAddress(line, organizer));
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

function hasUid(lines: readonly ContentLine[], uid: string): boolean {
  return lines.some(
    ({ name, value }) => name === 'UID' && (value.trim() === uid || unescapeText(value.trim()) === uid),
  );
}

/** Returns the lines of each VEVENT or VTODO, without the lines of components inside it (VALARM). */
function scheduledComponents(text: string): ContentLine[][] {
  const found: ContentLine[][] = [];
  const open: string[] = [];
  for (const line of splitLines(text)) {
    const component = line.value.trim().toUpperCase();
    if (line.name === 'BEGIN') {
      open.push(component);
      if (isScheduled(component)) found.push([]);
    } else if (line.name === 'END') {
      open.pop();
    } else if (isScheduled(open.at(-1) ?? '')) {
      found.at(-1)?.push(line);
    }
  }
  return found;
}

function isScheduled(component: string): boolean {
  return component === 'VEVENT' || component === 'VTODO';
}
