// Finds the calendars in a mail. In: a parsed mail; out: the text of each calendar, with the place where it was found, the
// most likely first. It refuses nothing: the calendar parser rejects text that only looks like a calendar.
import { clipText } from '../ical/clip-text.ts';
import { decodeCalendar, decodeText } from './decode-text.ts';
import type { MailPart, ReadMail } from './read-mail.ts';

export interface FoundCalendar {
  readonly text: string;
  /** The length of the part. Decoding removes folds, so the text may be shorter. */
  readonly octets: number;
  /** The parameter `method` of Content-Type, null if it is missing. */
  readonly headerMethod: string | null;
  /** The place for `inspect`, such as `text/calendar in multipart/alternative (part 1.2)`. */
  readonly source: string;
}

const CALENDAR_TYPE = /^(?:text|application)\/(?:x-)?(?:v?calendar|ics|ical|icalendar)$/;
const CALENDAR_FILE = /\.(?:ics|ical|icalendar|vcs)$/i;
const MAX_CALENDARS = 8;

/**
 * Returns at most 8 calendars. A calendar is omitted if those before it already exceed `limit` octets together. At most
 * `limit` + 1 octets of each part are read, so that the caller can recognise a calendar that is too long.
 */
export function findCalendars(mail: ReadMail, limit: number): FoundCalendar[] {
  const read = (part: MailPart): FoundCalendar => readPart(part, limit + 1);
  const found = [
    ...mail.parts.filter(isCalendarType).map(read),
    ...mail.parts.filter((part) => !isCalendarType(part) && isCalendarFile(part)).map(read),
    ...mail.parts.flatMap(readHeaderCalendar),
  ];
  let octets = 0;
  return found
    .filter((each) => each.text.trim() !== '' && (octets += each.octets) - each.octets <= limit)
    .slice(0, MAX_CALENDARS);
}

/** Recognises winmail.dat by its type or file name. */
export function isTnef(part: MailPart): boolean {
  return /^application\/(?:vnd\.)?ms-tnef$/.test(part.type) || /^winmail\.dat$/i.test(part.filename);
}

function isCalendarType(part: MailPart): boolean {
  return CALENDAR_TYPE.test(part.type);
}

/**
 * Recognises a calendar with another type by its file name (Lotus and old Android send `.ics` as octet-stream) or by its
 * first line (some phones send it as text/plain).
 */
function isCalendarFile(part: MailPart): boolean {
  if (/^(?:message|multipart)\//.test(part.type) || isTnef(part)) return false;
  if (CALENDAR_FILE.test(part.filename)) return true;
  return /^\s*BEGIN:VCALENDAR\s/i.test(decodeText(part.content(64), null));
}

function readPart(part: MailPart, limit: number): FoundCalendar {
  const content = part.content(limit);
  const text = decodeCalendar(content, part.charset);
  return { text, octets: content.length, headerMethod: part.method, source: describePart(part) };
}

function describePart({ type, filename, parentType, number }: MailPart): string {
  const name = filename === '' ? '' : ` "${clipText(filename, 80)}"`;
  return parentType === null ? `${type}${name}` : `${type}${name} in ${parentType} (part ${number})`;
}

/** Old versions of James wrote the calendar before Content-Type: fixtures/mail/james-calendar-in-header.eml. */
function readHeaderCalendar(part: MailPart): FoundCalendar[] {
  if (!part.fields.some(({ name, value }) => name === 'begin' && /^vcalendar$/i.test(value))) return [];
  const text = decodeCalendar(part.header, null);
  const start = text.search(/^BEGIN:VCALENDAR/im);
  const end = text.search(/^END:VCALENDAR/im);
  const calendar = `${text.slice(start, end)}END:VCALENDAR\r\n`;
  if (start === -1 || end < start) return [];
  return [{ text: calendar, octets: part.header.length, headerMethod: null, source: "a part's header" }];
}
