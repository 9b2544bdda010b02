import { describe, expect, it } from 'vitest';
import { splitLines } from '../../../src/core/ical/content-lines.ts';
import { eventText, parseEvent } from '../../../src/core/ical/event-document.ts';
import { cancelFor, declineCounterFor, replyFor, requestFor } from '../../../src/core/itip/schedule-message.ts';
import { address } from './run-answer.ts';

const BOB = address('bob@example.com');
const CAROL = address('carol@example.com');

const SERIES = `BEGIN:VCALENDAR
VERSION:2.0
METHOD:PUBLISH
BEGIN:VTIMEZONE
TZID:Europe/Berlin
END:VTIMEZONE
BEGIN:VEVENT
UID:u
DTSTAMP:20250101T000000Z
DTSTART;TZID=Europe/Berlin:20260302T100000
DTEND;TZID=Europe/Berlin:20260302T110000
RRULE:FREQ=WEEKLY
SUMMARY:Plan
ORGANIZER;SCHEDULE-STATUS=1.1;CN=Ann:mailto:ann@example.com
ATTENDEE;SCHEDULE-AGENT=SERVER;CN=Bob:mailto:bob@example.com
ATTENDEE:mailto:carol@example.com
REQUEST-STATUS:2.0;Success
X-SEEN:by all
BEGIN:VALARM
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:u
RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000
DTSTART;TZID=Europe/Berlin:20260309T120000
SEQUENCE:5
ORGANIZER:mailto:ann@example.com
ATTENDEE:mailto:carol@example.com
END:VEVENT
END:VCALENDAR
`;
const DOCUMENT = parseEvent(SERIES);
const STAMP = { now: Date.UTC(2026, 0, 1), sequence: 2 };
const HEAD = 'BEGIN:VCALENDAR\nMETHOD:{}\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE\n';

const message = (method: string, ...components: readonly string[]) =>
  `${HEAD.replace('{}', method)}${components.join('')}END:VCALENDAR\n`;

describe('requestFor', () => {
  it('tells one what is theirs', () => {
    expect(requestFor(DOCUMENT, BOB, STAMP)).toBe(
      message(
        'REQUEST',
        `BEGIN:VEVENT
DTSTAMP:20260101T000000Z
SEQUENCE:2
UID:u
DTSTART;TZID=Europe/Berlin:20260302T100000
DTEND;TZID=Europe/Berlin:20260302T110000
RRULE:FREQ=WEEKLY
SUMMARY:Plan
ORGANIZER;CN=Ann:mailto:ann@example.com
ATTENDEE;CN=Bob:mailto:bob@example.com
ATTENDEE:mailto:carol@example.com
X-SEEN:by all
EXDATE;TZID=Europe/Berlin:20260309T100000
END:VEVENT
`,
      ),
    );
  });

  it('tells another both, a higher SEQUENCE of a component kept', () => {
    const text = requestFor(DOCUMENT, CAROL, STAMP);
    expect(text.match(/^(SEQUENCE|RECURRENCE-ID|EXDATE).*$/gm)).toEqual([
      'SEQUENCE:2',
      'SEQUENCE:5',
      'RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000',
    ]);
  });
});

describe('cancelFor', () => {
  it('takes the event back', () => {
    expect(cancelFor(DOCUMENT, [BOB], [null], { ...STAMP, cancelled: true })).toBe(
      message(
        'CANCEL',
        `BEGIN:VEVENT
UID:u
DTSTAMP:20260101T000000Z
SEQUENCE:2
DTSTART;TZID=Europe/Berlin:20260302T100000
DTEND;TZID=Europe/Berlin:20260302T110000
RRULE:FREQ=WEEKLY
SUMMARY:Plan
STATUS:CANCELLED
ORGANIZER;CN=Ann:mailto:ann@example.com
ATTENDEE;CN=Bob:mailto:bob@example.com
END:VEVENT
`,
      ),
    );
  });

  it('takes instances back, with and without an override', () => {
    const text = cancelFor(DOCUMENT, [CAROL], ['20260309T090000Z', '20260316T090000Z'], { ...STAMP, cancelled: false });
    expect(text.match(/^(RECURRENCE-ID|DTSTART|STATUS|RRULE).*$/gm)).toEqual([
      'RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000',
      'DTSTART;TZID=Europe/Berlin:20260309T120000',
      'RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000',
      'DTSTART;TZID=Europe/Berlin:20260316T100000',
    ]);
  });
});

describe('replyFor', () => {
  it('answers for one attendee, about one instance', () => {
    expect(replyFor(DOCUMENT, null, BOB, new Map([['20260316T090000Z', 'TENTATIVE']]), STAMP.now)).toBe(
      message(
        'REPLY',
        `BEGIN:VEVENT
UID:u
DTSTAMP:20260101T000000Z
SEQUENCE:0
RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000
DTSTART;TZID=Europe/Berlin:20260316T100000
DTEND;TZID=Europe/Berlin:20260316T110000
SUMMARY:Plan
ORGANIZER;CN=Ann:mailto:ann@example.com
ATTENDEE;CN=Bob;PARTSTAT=TENTATIVE:mailto:bob@example.com
END:VEVENT
`,
      ),
    );
  });
});

it.each([
  ['a blank line before it', (text: string) => `\r\n${text}`],
  ['line ends of CR alone', (text: string) => text.replaceAll(/\r?\n/g, '\r')],
  ['a folded BEGIN', (text: string) => text.replace('BEGIN:VCAL', 'BEGIN\r\n :VCAL')],
])('puts METHOD into a calendar with %s', (_, change) => {
  const text = requestFor(parseEvent(change(SERIES)), BOB, STAMP);
  expect(
    splitLines(text.trimStart())
      .map((line) => line.text)
      .slice(0, 2),
  ).toEqual(['BEGIN:VCALENDAR', 'METHOD:REQUEST']);
});

it('leaves the event itself alone', () => {
  expect(eventText(DOCUMENT)).toBe(SERIES);
});

describe('declineCounterFor', () => {
  it('says what stays', () => {
    expect(declineCounterFor(DOCUMENT, BOB, '20260316T090000Z', STAMP.now)).toBe(
      message(
        'DECLINECOUNTER',
        `BEGIN:VEVENT
UID:u
DTSTAMP:20260101T000000Z
SEQUENCE:0
RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000
DTSTART;TZID=Europe/Berlin:20260316T100000
DTEND;TZID=Europe/Berlin:20260316T110000
SUMMARY:Plan
ORGANIZER;CN=Ann:mailto:ann@example.com
ATTENDEE;CN=Bob:mailto:bob@example.com
END:VEVENT
`,
      ),
    );
  });

  it('repeats the SEQUENCE that is above nought, and takes the series for itself', () => {
    expect(declineCounterFor(DOCUMENT, CAROL, '20260309T090000Z', STAMP.now)).toContain('SEQUENCE:5');
    expect(declineCounterFor(DOCUMENT, CAROL, null, STAMP.now)).toContain('DTSTART;TZID=Europe/Berlin:20260302T100000');
  });

  it('says nothing where there is no such event', () => {
    expect(declineCounterFor({ ...DOCUMENT, master: null }, CAROL, null, STAMP.now)).toBeNull();
  });
});
