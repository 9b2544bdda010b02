// The parts of a read mail in; every calendar text among them out, likeliest first, each with where it was found.
// Refuses nothing: what looks like a calendar and is none is for the reader of calendars to say.
import { decodeText } from './decode-text.ts';
import type { MailPart, ReadMail } from './read-mail.ts';

export interface FoundCalendar {
  readonly text: string;
  /** Content-Type's `method`; null where it says none. */
  readonly headerMethod: string | null;
  readonly source: string;
}

const CALENDAR_TYPE = /^(?:text|application)\/(?:x-)?(?:v?calendar|ics|ical|icalendar)$/;
const CALENDAR_FILE = /\.(?:ics|ical|icalendar|vcs)$/i;
const MOST_CALENDARS = 8;

/**
 * `limit`: octets of a calendar, and of all before the last; one more is read, so that a longer one shows as such.
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
    .filter(({ text }) => text.trim() !== '' && (octets += text.length) - text.length <= limit)
    .slice(0, MOST_CALENDARS);
}

export function isTnef(part: MailPart): boolean {
  return /^application\/(?:vnd\.)?ms-tnef$/.test(part.type) || /^winmail\.dat$/i.test(part.filename);
}

function isCalendarType(part: MailPart): boolean {
  return CALENDAR_TYPE.test(part.type);
}

/** By name (Lotus, old Android: octet-stream `.ics`), or by its first line, whatever it is called (phones: text/plain). */
function isCalendarFile(part: MailPart): boolean {
  if (/^(?:message|multipart)\//.test(part.type) || isTnef(part)) return false;
  if (CALENDAR_FILE.test(part.filename)) return true;
  return /^\s*BEGIN:VCALENDAR\s/i.test(decodeText(part.content(64), null));
}

function readPart(part: MailPart, limit: number): FoundCalendar {
  return { text: decodeText(part.content(limit), part.charset), headerMethod: part.method, source: describePart(part) };
}

function describePart({ type, filename, within, number }: MailPart): string {
  const name = filename === '' ? '' : ` "${filename.slice(0, 80)}"`;
  return within === null ? `${type}${name}` : `${type}${name} in ${within} (part ${number})`;
}

/** James once put the calendar between the boundary and Content-Type: fixtures/mail/james-calendar-in-header.eml. */
function readHeaderCalendar(part: MailPart): FoundCalendar[] {
  if (!part.fields.some(({ name, value }) => name === 'begin' && /^vcalendar$/i.test(value))) return [];
  const text = decodeText(part.header, null);
  const start = text.search(/^BEGIN:VCALENDAR/im);
  const end = text.search(/^END:VCALENDAR/im);
  const calendar = `${text.slice(start, end)}END:VCALENDAR\r\n`;
  return start === -1 || end < start ? [] : [{ text: calendar, headerMethod: null, source: "a part's header" }];
}
