import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import {
  componentFor,
  eventText,
  isRecurring,
  overridesAt,
  mapEvents,
  nullIfUnparseable,
  parseEvent,
  partstatOf,
  recurrenceIdsOf,
  sequenceOf,
} from '../../../src/core/ical/event-document.ts';
import { address } from '../itip/run-answer.ts';

const MASTER = 'BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:2\r\nDTSTART:20261006T080000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n';
const OVERRIDE =
  'BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:3\r\nRECURRENCE-ID;TZID=Europe/Paris:20261007T100000\r\nDTSTART:20261007T090000Z\r\nEND:VEVENT\r\n';
const TIMEZONE = 'BEGIN:VTIMEZONE\r\nTZID:Office\r\nEND:VTIMEZONE\r\n';

function calendar(...components: string[]): string {
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${components.join('')}END:VCALENDAR\r\n`;
}

describe('parseEvent', () => {
  it('finds the master, the overrides and the zones', () => {
    const document = parseEvent(calendar(OVERRIDE, TIMEZONE, MASTER), 5);
    expect(document).toMatchObject({ uid: 'a', component: 'VEVENT', vtimezones: [TIMEZONE], storedAt: 5 });
    expect(document.master?.sequence).toBe(2);
    expect(recurrenceIdsOf(document)).toEqual(['20261007T080000Z', null]);
    expect(overridesAt(document, '20261007T080000Z')).toHaveLength(1);
    expect(overridesAt(document, '20261008T080000Z')).toHaveLength(0);
    expect(isRecurring(document)).toBe(true);
  });

  it('returns the component for an occurrence', () => {
    const document = parseEvent(calendar(MASTER, OVERRIDE));
    expect(sequenceOf(document, null)).toBe(2);
    expect(sequenceOf(document, '20261007T080000Z')).toBe(3);
    expect(sequenceOf(document, '20261008T080000Z')).toBe(2);
    expect(componentFor(parseEvent(calendar(OVERRIDE)), null)).toBeNull();
    expect(sequenceOf(parseEvent(calendar(OVERRIDE)), null)).toBe(0);
  });

  it.each([
    ['blank lines before and after', `\r\n${calendar(MASTER)}\r\n \r\n`],
    ['a byte order mark', `\uFEFF${calendar(MASTER)}`],
    ['lower case', calendar(MASTER).toLowerCase()],
    ['LF alone', calendar(MASTER).replaceAll('\r\n', '\n')],
    ['CR alone', calendar(MASTER).replaceAll('\r\n', '\r')],
    ['a last line without line end', calendar(MASTER).trimEnd()],
    ['lines that are not content lines', calendar(MASTER.replace('END:', 'what is this\r\n\r\nEND:'))],
    ['a VTODO', calendar(MASTER.replaceAll('VEVENT', 'VTODO'))],
    ['a folded BEGIN', calendar(MASTER.replace('BEGIN:VE', 'BEG\r\n IN:VE'))],
    ['components with other names', calendar('BEGIN:X-THING\r\nUID:z\r\nEND:X-THING\r\n', MASTER)],
  ])('parses %s and writes the same text', (_, text) => {
    const document = parseEvent(text);
    expect(document.uid).toBe('a');
    expect(eventText(document)).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['no calendar', MASTER],
    ['text before it', `hello\r\n${calendar(MASTER)}`],
    ['two calendars', calendar(MASTER) + calendar(MASTER)],
    ['a calendar in a calendar', calendar(calendar(MASTER))],
    ['no event', calendar(TIMEZONE)],
    ['no UID', calendar(MASTER.replace('UID:a', 'X-UID:a'))],
    ['an empty UID', calendar(MASTER.replace('UID:a', 'UID: '))],
    ['several UIDs', calendar(MASTER, OVERRIDE.replace('UID:a', 'UID:b'))],
    ['two masters', calendar(MASTER, MASTER)],
    ['an event without END', calendar(MASTER.replace('END:VEVENT\r\n', ''))],
    ['a calendar without END', calendar(MASTER).replace('END:VCALENDAR\r\n', '')],
    ['an END without BEGIN', calendar(MASTER, 'END:VEVENT\r\n')],
    ['components that overlap', calendar('BEGIN:VEVENT\r\nUID:a\r\nBEGIN:VALARM\r\nEND:VEVENT\r\nEND:VALARM\r\n')],
    ['components nested too deep', calendar('BEGIN:VEVENT\r\n'.repeat(20) + 'END:VEVENT\r\n'.repeat(20))],
  ])('refuses %s', (_, text) => {
    expect(() => parseEvent(text)).toThrow(GatewayError);
    expect(() => parseEvent(text)).toThrow(/the calendar cannot be read/);
  });

  it('keeps every byte of the event of fixtures/itip/writing-keeps-everything-else.txt', () => {
    const script = readFileSync(
      new URL('../../../fixtures/itip/writing-keeps-everything-else.txt', import.meta.url),
      'utf8',
    );
    const event = /^=== event\n([\s\S]*?)^=== /m.exec(script)?.[1] ?? '';
    expect(event).not.toBe('');
    expect(eventText(parseEvent(event))).toBe(event);
  });
});

const answered = parseEvent(
  [
    'BEGIN:VCALENDAR',
    'BEGIN:VEVENT',
    'UID:a',
    'DTSTART:20261006T080000Z',
    'RRULE:FREQ=DAILY',
    'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com',
    'ATTENDEE:mailto:cara@example.com',
    'END:VEVENT',
    'BEGIN:VEVENT',
    'UID:a',
    'RECURRENCE-ID:20261007T080000Z',
    'DTSTART:20261007T090000Z',
    'ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n'),
);

describe('partstatOf', () => {
  it.each([
    ['bob@example.com', null, 'ACCEPTED'],
    ['bob@example.com', '20261007T080000Z', 'DECLINED'],
    ['bob@example.com', '20261008T080000Z', 'ACCEPTED'],
    ['cara@example.com', null, 'NEEDS-ACTION'],
    ['cara@example.com', '20261007T080000Z', null],
    ['eve@example.com', null, null],
  ])('returns for %s at %s: %s', (attendee, recurrenceId, expected) => {
    expect(partstatOf(answered, address(attendee), recurrenceId)).toBe(expected);
  });
});

it('mapEvents changes only the events', () => {
  const text = calendar(TIMEZONE, MASTER, OVERRIDE);
  const changed = mapEvents(parseEvent(text), (event) => event.withParts(event.parts.slice(0, 1)));
  const bare = 'BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n';
  expect(eventText(changed)).toBe(calendar(TIMEZONE, bare, bare));
});

describe('nullIfUnparseable', () => {
  it('returns null only for `calendar-unparseable`', () => {
    expect(nullIfUnparseable(() => parseEvent('hello'))).toBeNull();
    expect(nullIfUnparseable(() => 1)).toBe(1);
    expect(() =>
      nullIfUnparseable(() => {
        throw new GatewayError('internal', 'x');
      }),
    ).toThrow('x');
  });
});
