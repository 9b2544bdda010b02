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
  it('contains only the components that invite the recipient', () => {
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

  it('contains the series and the override, and keeps a higher SEQUENCE', () => {
    const text = requestFor(DOCUMENT, CAROL, STAMP);
    expect(text.match(/^(SEQUENCE|RECURRENCE-ID|EXDATE).*$/gm)).toEqual([
      'SEQUENCE:2',
      'SEQUENCE:5',
      'RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000',
    ]);
  });
});

describe('cancelFor', () => {
  it('cancels the event', () => {
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

  it('cancels instances with and without an override', () => {
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
  it('contains the answer of one attendee for one instance', () => {
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
  ['a leading blank line', (text: string) => `\r\n${text}`],
  ['line ends that are CR only', (text: string) => text.replaceAll(/\r?\n/g, '\r')],
  ['a folded BEGIN', (text: string) => text.replace('BEGIN:VCAL', 'BEGIN\r\n :VCAL')],
])('adds METHOD to a calendar with %s', (_, change) => {
  const text = requestFor(parseEvent(change(SERIES)), BOB, STAMP);
  expect(
    splitLines(text.trimStart())
      .map((line) => line.text)
      .slice(0, 2),
  ).toEqual(['BEGIN:VCALENDAR', 'METHOD:REQUEST']);
});

it('does not change the event', () => {
  expect(eventText(DOCUMENT)).toBe(SERIES);
});

describe('declineCounterFor', () => {
  it('contains the time that remains', () => {
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

  it('keeps the SEQUENCE, and can decline a proposal for the series', () => {
    expect(declineCounterFor(DOCUMENT, CAROL, '20260309T090000Z', STAMP.now)).toContain('SEQUENCE:5');
    expect(declineCounterFor(DOCUMENT, CAROL, null, STAMP.now)).toContain('DTSTART;TZID=Europe/Berlin:20260302T100000');
  });

  it('returns null if there is no such occurrence', () => {
    expect(declineCounterFor({ ...DOCUMENT, master: null }, CAROL, null, STAMP.now)).toBeNull();
  });
});
