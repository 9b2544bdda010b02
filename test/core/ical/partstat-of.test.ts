import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { partstatOf } from '../../../src/core/ical/partstat-of.ts';
import { address } from '../itip/run-answer.ts';

const document = parseEvent(
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
  ])('%s at %s: %s', (who, recurrenceId, expected) => {
    expect(partstatOf(document, address(who), recurrenceId)).toBe(expected);
  });
});
