import { describe, expect, it } from 'vitest';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { fingerprintFor, scheduleFingerprint } from '../../../src/core/itip/fingerprint.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';

const BOB = address('bob@example.com');

function address(text: string): CalendarAddress {
  const found = calendarAddress(text);
  if (!found) throw new TypeError(text);
  return found;
}

function event(lines: readonly string[]): string {
  return ['BEGIN:VEVENT', 'UID:u@example.com', ...lines, 'END:VEVENT', ''].join('\r\n');
}

function message(...events: string[]): string {
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n${events.join('')}END:VCALENDAR\r\n`;
}

const MASTER = [
  'DTSTAMP:20260101T000000Z',
  'SEQUENCE:2',
  'DTSTART;TZID=Europe/Berlin:20260302T100000',
  'DTEND;TZID=Europe/Berlin:20260302T110000',
  'RRULE:FREQ=WEEKLY;BYDAY=MO,WE',
  'EXDATE;TZID=Europe/Berlin:20260304T100000',
  'SUMMARY:Planning\\, weekly',
  'LOCATION:Room 7',
  'ORGANIZER;CN=Ann:mailto:ann@example.com',
  'ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.com',
  'ATTENDEE:mailto:carol@example.com',
];
const SAME = message(event(MASTER));

function master(replace: Readonly<Record<string, string | null>>, added: readonly string[] = []): string {
  const lines = MASTER.flatMap((line) => {
    const by = Object.entries(replace).find(([start]) => line.startsWith(start));
    if (!by) return [line];
    return by[1] === null ? [] : [by[1]];
  });
  return message(event([...lines, ...added]));
}

/** Returns an override as an answer creates it: the instance of the master with another PARTSTAT. */
function answered(recurrenceId: string, lines: readonly string[] = []): string {
  return event([
    `RECURRENCE-ID;TZID=Europe/Berlin:${recurrenceId}T100000`,
    `DTSTART;TZID=Europe/Berlin:${recurrenceId}T100000`,
    `DTEND;TZID=Europe/Berlin:${recurrenceId}T110000`,
    'SUMMARY:Planning\\, weekly',
    'LOCATION:Room 7',
    'SEQUENCE:1',
    'ORGANIZER:mailto:ann@example.com',
    'ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com',
    'ATTENDEE:mailto:carol@example.com',
    ...lines,
  ]);
}

function guestLines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `ATTENDEE:mailto:guest${at}@example.com`);
}

function withGuests(count: number): string {
  return fingerprintFor(message(event([...MASTER, ...guestLines(count)])), BOB);
}

describe('fingerprintFor: equal in spite of', () => {
  it.each<[string, string]>([
    [
      'DTSTAMP, CREATED, LAST-MODIFIED',
      master({ DTSTAMP: 'DTSTAMP:20260202T000000Z' }, ['CREATED:20260101T000000Z', 'LAST-MODIFIED:20260301T000000Z']),
    ],
    [
      'PARTSTAT and RSVP',
      master({ 'ATTENDEE;': 'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT="late":mailto:bob@example.com' }),
    ],
    [
      'SCHEDULE-*',
      master({
        'ATTENDEE;': 'ATTENDEE;SCHEDULE-STATUS="1.2";SCHEDULE-AGENT=SERVER:MAILTO:Bob@Example.com',
        ORGANIZER: 'ORGANIZER;SCHEDULE-STATUS=1.2:mailto:ann@example.com',
      }),
    ],
    ['the order of properties', message(event(MASTER.toReversed()))],
    ['folding and line ends', SAME.replace('weekly', 'wee\r\n kly').replaceAll('\r\n', '\n')],
    ['the notation of times', master({ DTEND: 'DURATION:PT1H', EXDATE: 'EXDATE:20260304T090000Z' })],
    ['the notation of the rule', master({ RRULE: 'RRULE:WKST=MO;BYDAY=WE,MO;INTERVAL=1;FREQ=WEEKLY' })],
    ['defaults', master({}, ['STATUS:CONFIRMED', 'CLASS:PUBLIC'])],
    ['SEQUENCE', master({ SEQUENCE: 'SEQUENCE:3' })],
    ['no SEQUENCE', master({ SEQUENCE: null })],
    [
      'the organizer’s own marks',
      master({}, ['CATEGORIES:Clients', 'CATEGORIES;LANGUAGE=en:A,B', 'COLOR:red', 'TRANSP:TRANSPARENT', 'PRIORITY:1']),
    ],
    [
      'the organizer’s own marks of an instance',
      message(event(MASTER), answered('20260309', ['CATEGORIES:Clients', 'COLOR:red', 'TRANSP:TRANSPARENT'])),
    ],
    [
      'alarms and internal data of clients',
      master({}, [
        'X-MOZ-GENERATION:3',
        'BEGIN:VALARM',
        'TRIGGER:-PT5M',
        'ACTION:DISPLAY',
        'DESCRIPTION:ring',
        'END:VALARM',
      ]),
    ],
    [
      'the definition of a zone',
      SAME.replace('BEGIN:VEVENT', 'BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT'),
    ],
    ['the name of a guest', master({ 'ATTENDEE:': 'ATTENDEE;CN=Carol:mailto:carol@example.com' })],
    ['an answer to one instance', message(event(MASTER), answered('20260309'))],
    ['answers to instances around a DST change', message(event(MASTER), answered('20260330'), answered('20261026'))],
  ])('%s', (_, text) => {
    expect(fingerprintFor(text, BOB)).toBe(fingerprintFor(SAME, BOB));
  });

  it('another guest, if guests do not see each other', () => {
    const before = message(event([...MASTER, ...guestLines(2)]));
    const after = message(event([...MASTER, ...guestLines(3)]));
    expect(fingerprintFor(after, BOB, false)).toBe(fingerprintFor(before, BOB, false));
    expect(fingerprintFor(after, BOB)).not.toBe(fingerprintFor(before, BOB));
  });

  it('50 answers to 50 instances, for 50 guests', () => {
    const guests = Array.from({ length: 50 }, (_, at) => `guest${at}@example.com`);
    const invite = guests.map((guest) => `ATTENDEE:mailto:${guest}`);
    const weekly = [...MASTER.filter((line) => !line.startsWith('ATTENDEE')), ...invite];
    const first = Date.UTC(2026, 2, 9);
    const overrides = Array.from({ length: 50 }, (_, at) => {
      const day = new Date(first + at * 7 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
      const lines = answered(day)
        .split('\r\n')
        .filter((line) => !line.startsWith('ATTENDEE') && line !== 'END:VEVENT' && line !== '');
      return [...lines, ...invite.with(at, `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${guests[at]}`), 'END:VEVENT', ''].join(
        '\r\n',
      );
    });
    const before = message(event(weekly));
    const after = message(event(weekly), ...overrides);
    const news = guests.filter(
      (guest) => fingerprintFor(before, address(guest)) !== fingerprintFor(after, address(guest)),
    );
    expect(news).toEqual([]);
  });

  it('another guest, if there are more than 100', () => {
    expect(withGuests(150)).toBe(withGuests(151));
    expect(withGuests(50)).not.toBe(withGuests(51));
  });
});

describe('fingerprintFor: different for another', () => {
  it.each<[string, string]>([
    ['METHOD', SAME.replace('REQUEST', 'CANCEL')],
    ['title', master({ SUMMARY: 'SUMMARY:Planning' })],
    ['location', master({ LOCATION: 'LOCATION:Room 8' })],
    ['description', master({}, ['DESCRIPTION:Bring paper'])],
    ['link', master({}, ['X-GOOGLE-CONFERENCE:https://meet.example.com/1'])],
    ['status', master({}, ['STATUS:CANCELLED'])],
    ['start', master({ DTSTART: 'DTSTART;TZID=Europe/Berlin:20260302T101500' })],
    ['zone of a series', master({ DTSTART: 'DTSTART:20260302T090000Z', DTEND: 'DTEND:20260302T100000Z' })],
    ['length', master({ DTEND: 'DTEND;TZID=Europe/Berlin:20260302T120000' })],
    ['rule', master({ RRULE: 'RRULE:FREQ=WEEKLY;BYDAY=MO' })],
    ['excluded date', master({}, ['EXDATE;TZID=Europe/Berlin:20260309T100000'])],
    ['added date', master({}, ['RDATE;TZID=Europe/Berlin:20260310T100000'])],
    ['added guest', master({}, ['ATTENDEE:mailto:dave@example.com'])],
    ['removed guest', master({ 'ATTENDEE:': null })],
    ['ROLE', master({ 'ATTENDEE;': 'ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:bob@example.com' })],
    [
      'time of an instance',
      message(
        event(MASTER),
        answered('20260309').replace(
          'DTSTART;TZID=Europe/Berlin:20260309T10',
          'DTSTART;TZID=Europe/Berlin:20260309T09',
        ),
      ),
    ],
    ['length of an instance', message(event(MASTER), answered('20260309').replace('T110000', 'T103000'))],
    ['location of an instance', message(event(MASTER), answered('20260309').replace('Room 7', 'Room 8'))],
    ['status of an instance', message(event(MASTER), answered('20260309', ['STATUS:CANCELLED']))],
    ['guest of an instance', message(event(MASTER), answered('20260309', ['ATTENDEE:mailto:dave@example.com']))],
  ])('%s', (_, text) => {
    expect(fingerprintFor(text, BOB)).not.toBe(fingerprintFor(SAME, BOB));
  });

  it('instance without its master', () => {
    expect(fingerprintFor(message(answered('20260309')), BOB)).not.toBe(
      fingerprintFor(message(answered('20260316')), BOB),
    );
  });

  it('refuses a text that is not a calendar', () => {
    expect(() => fingerprintFor('BEGIN:VCALENDAR', BOB)).toThrow(
      expect.objectContaining({ code: 'calendar-unparseable' }),
    );
  });
});

describe('scheduleFingerprint', () => {
  it.each<[string, string]>([
    ['title', master({ SUMMARY: 'SUMMARY:Planning' })],
    ['sequence', master({ SEQUENCE: 'SEQUENCE:9' })],
    ['guests', master({ 'ATTENDEE:': null })],
    ['notation', master({ DTEND: 'DURATION:PT60M', EXDATE: 'EXDATE:20260304T090000Z' })],
  ])('is equal for another %s', (_, text) => {
    expect(scheduleFingerprint(text, null)).toBe(scheduleFingerprint(SAME, null));
  });

  it.each<[string, string]>([
    ['start', master({ DTSTART: 'DTSTART;TZID=Europe/Berlin:20260302T101500' })],
    ['end', master({ DTEND: 'DTEND;TZID=Europe/Berlin:20260302T120000' })],
    ['rule', master({ RRULE: null })],
    ['EXDATE', master({ EXDATE: null })],
    ['RDATE', master({}, ['RDATE:20260310T090000Z'])],
  ])('differs for another %s', (_, text) => {
    expect(scheduleFingerprint(text, null)).not.toBe(scheduleFingerprint(SAME, null));
  });

  it('is that of the override for its occurrence, and equal for a single event in any zone', () => {
    const moved = message(event(MASTER), answered('20260309').replace('T100000\r\nDTEND', 'T090000\r\nDTEND'));
    expect(scheduleFingerprint(moved, '20260309T090000Z')).not.toBe(scheduleFingerprint(moved, null));
    expect(scheduleFingerprint(moved, '20260316T090000Z')).toBe(scheduleFingerprint(moved, null));
    const once = message(event(['DTSTART;TZID=Europe/Berlin:20260302T100000', 'DURATION:PT1H']));
    const utc = message(event(['DTSTART:20260302T090000Z', 'DTEND:20260302T100000Z']));
    expect(scheduleFingerprint(once, null)).toBe(scheduleFingerprint(utc, null));
  });
});
