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

export function findCalendars(mail: ReadMail, raw: Uint8Array): FoundCalendar[] {
  const found = [
    ...mail.parts.filter((part) => !part.calendarInHeader && isCalendarType(part)).map(readPart),
    ...mail.parts.filter((part) => !isCalendarType(part) && isCalendarFile(part)).map(readPart),
    ...(mail.parts.some((part) => part.calendarInHeader) ? readHeaderCalendar(raw) : []),
    ...readTextCalendar(mail.facts.text),
  ];
  return found.filter(({ text }) => text.trim() !== '').slice(0, MOST_CALENDARS);
}

export function isTnef(part: MailPart): boolean {
  return /^application\/(?:vnd\.)?ms-tnef$/.test(part.type) || /^winmail\.dat$/i.test(part.filename);
}

function isCalendarType(part: MailPart): boolean {
  return CALENDAR_TYPE.test(part.type);
}

/** By name (Lotus, old Android: octet-stream `.ics`), or by its first line whatever it is called. */
function isCalendarFile(part: MailPart): boolean {
  if (/^(?:message|multipart)\//.test(part.type) || isTnef(part)) return false;
  if (CALENDAR_FILE.test(part.filename)) return true;
  return /^\s*BEGIN:VCALENDAR\s/i.test(decodeText(part.content.subarray(0, 64), null));
}

function readPart(part: MailPart): FoundCalendar {
  const place = part.number === null ? 'the whole mail' : `part ${part.number}`;
  const name = part.filename === '' ? '' : ` "${part.filename.slice(0, 80)}"`;
  const source = `${part.type}${name}, ${place}`;
  return { text: decodeText(part.content, part.charset), headerMethod: part.method, source };
}

/** James once put the calendar between the boundary and Content-Type: fixtures/mail/james-calendar-in-header.eml. */
function readHeaderCalendar(raw: Uint8Array): FoundCalendar[] {
  const octets = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const start = octets.indexOf('\nBEGIN:VCALENDAR', 0, 'latin1') + 1;
  const end = octets.indexOf('\nEND:VCALENDAR', start, 'latin1');
  if (start === 0 || end === -1) return [];
  const text = decodeText(octets.subarray(start, end + '\nEND:VCALENDAR'.length), null);
  return [{ text: `${text}\r\n`, headerMethod: null, source: "a part's header" }];
}

/** A calendar sent as plain text: some phone clients give a single part the wrong type. */
function readTextCalendar(text: string): FoundCalendar[] {
  if (!/^BEGIN:VCALENDAR\r?\n/i.test(text)) return [];
  return [{ text, headerMethod: null, source: 'text/plain' }];
}
