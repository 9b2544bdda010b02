import { describe, expect, it } from 'vitest';
import { addDelegate } from '../../src/itip/add-delegate.ts';
import { eventText, parseEvent } from '../../src/itip/event-document.ts';
import { partstatOf } from '../../src/itip/partstat-of.ts';
import { address } from './run-answer.ts';

const BOB = address('bob@example.com');
const EVE = address('Eve@example.com');

function calendar(...components: (readonly string[])[]): string {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

describe('addDelegate', () => {
  it('puts the delegate next to the delegator, wherever that one stands', () => {
    const override = ['RECURRENCE-ID:20261007T080000Z', 'ATTENDEE:mailto:cara@example.com'];
    const text = calendar(['ATTENDEE;ROLE=CHAIR;PARTSTAT=DELEGATED:mailto:bob@example.com', 'SUMMARY:x'], override);
    const after = addDelegate(parseEvent(text), BOB, EVE);
    expect(after.master?.lines.slice(2, 5).map((line) => line.text)).toEqual([
      'ATTENDEE;ROLE=CHAIR;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Eve@example.com":mailto:bob@example.com',
      'ATTENDEE;DELEGATED-FROM="mailto:bob@example.com";ROLE=CHAIR;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Eve@example.com',
      'SUMMARY:x',
    ]);
    expect(partstatOf(parseEvent(eventText(after)), EVE, null)).toBe('NEEDS-ACTION');
    expect(partstatOf(after, EVE, '20261007T080000Z')).toBeNull();
  });

  it('adds to the delegates that are named already', () => {
    const line = 'ATTENDEE;DELEGATED-TO="mailto:dora@example.com":mailto:bob@example.com';
    const after = addDelegate(parseEvent(calendar([line])), BOB, EVE);
    expect(after.master?.lines[2]?.paramValues('DELEGATED-TO')).toEqual([
      'mailto:dora@example.com',
      'mailto:Eve@example.com',
    ]);
  });

  it.each([
    ['the delegate is invited', ['ATTENDEE:mailto:bob@example.com', 'ATTENDEE:mailto:eve@example.com']],
    ['the delegator is not', ['ATTENDEE:mailto:cara@example.com']],
  ])('changes nothing where %s', (_, lines) => {
    const text = calendar(lines);
    expect(eventText(addDelegate(parseEvent(text), BOB, EVE))).toBe(text);
  });
});
