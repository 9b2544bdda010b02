// Calendars and mails for the tests of this folder. All persons in them are invented.
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import type { InvitationMail, NoticeMail, RsvpLinks, Templates } from '../../../src/core/compose/types.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';

export function loadTemplates(): Promise<Templates> {
  return readTemplates(null).then(compileTemplates);
}

export function address(text: string): CalendarAddress {
  const read = calendarAddress(text);
  if (read === null) throw new TypeError(`not an address: ${text}`);
  return read;
}

export const alice = address('alice@example.com');
export const bob = address('bob@example.org');
export const carol = address('carol@example.net');

export const links: RsvpLinks = {
  accepted: 'https://calendar.example.com/rsvp/?token=ey.J0.b2&action=accepted',
  tentative: 'https://calendar.example.com/rsvp/?token=ey.J0.b2&action=tentative',
  declined: 'https://calendar.example.com/rsvp/?token=ey.J0.b2&action=declined',
};

/** The properties of one VEVENT, in order. `calendar` adds the lines around them. */
export const eventLines = [
  'UID:planning@example.com',
  'DTSTAMP:20261020T080000Z',
  'SEQUENCE:0',
  'DTSTART;TZID=Europe/Paris:20261103T100000',
  'DTEND;TZID=Europe/Paris:20261103T113000',
  'SUMMARY:Planning the spring issue',
  'LOCATION:Room 3\\, Main Street 12',
  'DESCRIPTION:Dear all\\,\\n\\nplease read https://example.com/draft?a=1&b=2 before we meet.\\nThanks!',
  'CONFERENCE;VALUE=URI:https://meet.example.com/abc-defg-hij',
  'ORGANIZER;CN=Alice Martin;SCHEDULE-STATUS="1.1":mailto:alice@example.com',
  'ATTENDEE;CN=Alice Martin;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:alice@example.com',
  'ATTENDEE;CN=Bob Dupont;PARTSTAT=NEEDS-ACTION;SCHEDULE-AGENT=SERVER:mailto:bob@example.org',
  'ATTENDEE;CN=Carol Weiß;PARTSTAT=TENTATIVE;ROLE=OPT-PARTICIPANT;X-RESPONSE-COMMENT="maybe late":mailto:carol@example.net',
];

export const alarm = ['BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT10M', 'DESCRIPTION:Leave home', 'END:VALARM'];

export function calendar(method: string | null, ...events: readonly (readonly string[])[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Example Corp.//CalDAV//EN',
    ...(method === null ? [] : [`METHOD:${method}`]),
    ...events.flatMap((properties) => ['BEGIN:VEVENT', ...properties, 'END:VEVENT']),
    'END:VCALENDAR',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Returns the sample event with some properties (by name) replaced, removed (null) or added at the end. */
export function event(changes: Readonly<Record<string, string | null>> = {}): string[] {
  const left = new Map(Object.entries(changes));
  const kept = eventLines.flatMap((line) => {
    const name = /^[A-Z-]+/.exec(line)?.[0] ?? '';
    if (!left.has(name)) return [line];
    const replacement = left.get(name);
    left.set(name, null);
    return replacement == null ? [] : [replacement];
  });
  return [...kept, ...[...left.values()].filter((line) => line !== null)];
}

export const series = {
  RRULE: 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270630T080000Z',
  EXDATE: 'EXDATE;TZID=Europe/Paris:20261117T100000',
};

export function invitationMail(changes: Partial<InvitationMail> = {}): InvitationMail {
  return {
    kind: 'invitation',
    calendar: calendar('REQUEST', event()),
    previousCalendar: null,
    sender: alice,
    recipient: bob,
    organizerAsMailed: 'r1k-7ch4nqz2-m5xv3q@reply.example.com',
    itip: true,
    guestList: true,
    stamp: { stampedAt: Date.UTC(2026, 9, 20, 8), sequences: new Map() },
    from: 'calendar@example.com',
    links,
    messageId: '<0192c1.invitation@calendar.example.com>',
    references: null,
    date: Date.UTC(2026, 9, 20, 8, 0, 5),
    language: 'en',
    timezone: 'Europe/Paris',
    ...changes,
  };
}

export function noticeMail(changes: Partial<NoticeMail> = {}): NoticeMail {
  return {
    notices: [{ kind: 'answer', attendee: bob, partstat: 'ACCEPTED', comment: 'See you there!', recurrenceId: null }],
    calendar: calendar(null, event()),
    organizer: alice,
    from: 'calendar@example.com',
    messageId: '<0192c1.notice@calendar.example.com>',
    references: null,
    date: Date.UTC(2026, 9, 21, 9, 30),
    language: 'en',
    timezone: 'Europe/Paris',
    ...changes,
  };
}
