// Calendar texts for measurements. Out: the stored events of fixtures/itip, the calendars of fixtures/mail as clients wrote
// them, and an event with a given number of attendees.
import { readdirSync, readFileSync } from 'node:fs';
import { decodeText } from '../../../src/core/message/decode-text.ts';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url);

/** The first `=== event` of each script, with CRLF as a server stores it. */
export function storedEvents(): string[] {
  return filesOf('itip/', '.txt').flatMap((script) => {
    const [, ...steps] = script.toString('utf8').split(/^=== /m);
    const step = steps.find((each) => each.startsWith('event'));
    const lines = step?.split('\n').slice(1) ?? [];
    const text = lines.filter((line) => !line.startsWith('#')).join('\r\n');
    return text.trim() === '' ? [] : [`${text.trimEnd()}\r\n`];
  });
}

/** One calendar of each mail that has any. */
export function clientCalendars(): string[] {
  return rawMails().flatMap((raw) => {
    const part = readMail(raw, MAIL_LIMITS).parts.find(({ type }) => type === 'text/calendar');
    const text = part === undefined ? '' : decodeText(part.content(MAIL_LIMITS.calendarOctets), part.charset);
    return text.trim() === '' ? [] : [text];
  });
}

export function rawMails(): Buffer[] {
  return filesOf('mail/', '.eml');
}

function filesOf(folder: string, ending: string): Buffer[] {
  const at = new URL(folder, fixtures);
  return readdirSync(at)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => readFileSync(new URL(name, at)));
}

export function attendeeAddress(at: number): string {
  return `guest${at}@example.com`;
}

export function eventOf(attendees: number, more: readonly string[] = []): string {
  const guests = Array.from(
    { length: attendees },
    (_, at) => `ATTENDEE;CN=Guest ${at};PARTSTAT=NEEDS-ACTION:mailto:${attendeeAddress(at)}`,
  );
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Example//Bench//EN',
    'BEGIN:VEVENT',
    'UID:bench@example.com',
    'DTSTAMP:20251101T080000Z',
    'DTSTART:20260101T090000',
    'DTEND:20260101T100000',
    'ORGANIZER:mailto:organizer@example.com',
    ...more,
    ...guests,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}
