// Calendars as CalDAV servers post them; tests change one detail each.
export interface CalendarParts {
  readonly method?: string | null;
  readonly organizer?: string;
  readonly attendees?: readonly string[];
}

export function calendarOf({
  method = 'REQUEST',
  organizer = 'ORGANIZER;CN=Alice Martin:mailto:alice@example.com',
  attendees = ['bob@example.com', 'carol@example.com'],
}: CalendarParts): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Example//Calendar//EN',
    ...(method === null ? [] : [`METHOD:${method}`]),
    'BEGIN:VEVENT',
    'UID:sprint-review@example.com',
    'DTSTAMP:20261001T080000Z',
    'SEQUENCE:3',
    'SUMMARY:Sprint review',
    'DTSTART;TZID=Europe/Paris:20261124T100000',
    'DTEND;TZID=Europe/Paris:20261124T113000',
    organizer,
    ...attendees.map(
      (address) => `ATTENDEE;CN=Guest;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:\r\n mailto:${address}`,
    ),
    'BEGIN:VALARM',
    'ACTION:EMAIL',
    'ATTENDEE:mailto:alarm@example.com',
    'END:VALARM',
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}
