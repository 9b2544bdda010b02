// Whose event a calendar object is. In: calendar text, a UID, an organizer; out: whether this is that organizer's event.
// Text of any quality is taken: what does not show that UID is simply another event.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines, unescapeText } from '../../core/ical/content-lines.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';

/**
 * True where an event or to-do of the text has that UID and no ORGANIZER of it is somebody else. Servers match UIDs as
 * substrings (`servers` that do: Radicale, DAViCal, Cyrus, SOGo, SabreDAV), and an attendee's copy has the same UID.
 */
export function isEventOf(text: string, uid: string, organizer: CalendarAddress): boolean {
  const components = scheduledComponents(text).filter((lines) => hasUid(lines, uid));
  const organizers = components.flatMap((lines) => lines.filter((line) => line.name === 'ORGANIZER'));
  return components.length > 0 && organizers.every((line) => speaksFor(line, organizer));
}

export function sameAddress(text: string, address: CalendarAddress): boolean {
  return calendarAddress(text)?.key === address.key;
}

/** The value, else EMAIL= (iCloud's ORGANIZER is a principal path) or SENT-BY: honoured here because the event is the server's own. */
function speaksFor(line: ContentLine, organizer: CalendarAddress): boolean {
  return [line.value, line.param('EMAIL') ?? '', line.param('SENT-BY') ?? ''].some((text) =>
    sameAddress(text, organizer),
  );
}

function hasUid(lines: readonly ContentLine[], uid: string): boolean {
  return lines.some(
    ({ name, value }) => name === 'UID' && (value.trim() === uid || unescapeText(value.trim()) === uid),
  );
}

/** The lines that belong to each VEVENT or VTODO itself, without those of an alarm inside it. */
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
