import { describe, expect, it } from 'vitest';
import { addDelegate } from '../../../src/core/itip/add-delegate.ts';
import { eventText, parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { ownLines } from '../../../src/core/ical/read-components.ts';
import { address } from './run-answer.ts';

const BOB = address('bob@example.com');
const EVE = address('Eve@example.com');

function calendar(...components: (readonly string[])[]): string {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

describe('addDelegate', () => {
  it('adds the delegate after the delegator in each component', () => {
    const override = ['RECURRENCE-ID:20261007T080000Z', 'ATTENDEE:mailto:cara@example.com'];
    const text = calendar(['ATTENDEE;ROLE=CHAIR;PARTSTAT=DELEGATED:mailto:bob@example.com', 'SUMMARY:x'], override);
    const after = addDelegate(parseEvent(text), BOB, EVE, null);
    const lines = after.master ? ownLines(after.master) : [];
    expect(lines.slice(1).map((line) => line.text)).toEqual([
      'ATTENDEE;ROLE=CHAIR;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Eve@example.com":mailto:bob@example.com',
      'ATTENDEE;DELEGATED-FROM="mailto:bob@example.com";ROLE=CHAIR;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Eve@example.com',
      'SUMMARY:x',
    ]);
    expect(partstatOf(parseEvent(eventText(after)), EVE, null)).toBe('NEEDS-ACTION');
    expect(partstatOf(after, EVE, '20261007T080000Z')).toBeNull();
  });

  it('keeps the existing values of DELEGATED-TO', () => {
    const line = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:dora@example.com":mailto:bob@example.com';
    const after = addDelegate(parseEvent(calendar([line])), BOB, EVE, null);
    expect(after.master?.property('ATTENDEE')?.paramValues('DELEGATED-TO')).toEqual([
      'mailto:dora@example.com',
      'mailto:Eve@example.com',
    ]);
  });

  const delegated = 'ATTENDEE;PARTSTAT=DELEGATED:mailto:bob@example.com';
  const first = ['RECURRENCE-ID:20261007T080000Z', delegated];
  const second = ['RECURRENCE-ID:20261014T080000Z', delegated];

  it.each([
    ['one occurrence', '20261014T080000Z', [false, false, true]],
    ['the series, except where the delegator has accepted', null, [true, false, true]],
  ])('adds the delegate to %s', (_, recurrenceId, added) => {
    const comes = recurrenceId === null ? first.map((line) => line.replace('DELEGATED', 'ACCEPTED')) : first;
    const after = addDelegate(parseEvent(calendar([delegated], comes, second)), BOB, EVE, recurrenceId);
    const components = [after.master, ...after.overrides];
    expect(components.map((component) => component?.partstatOf(EVE) === 'NEEDS-ACTION')).toEqual(added);
  });

  it.each([
    ['the delegate is invited', [delegated, 'ATTENDEE:mailto:eve@example.com']],
    ['the delegator is not invited', ['ATTENDEE;PARTSTAT=DELEGATED:mailto:cara@example.com']],
    ['the delegator has accepted', ['ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com']],
  ])('changes nothing if %s', (_, lines) => {
    const text = calendar(lines);
    expect(eventText(addDelegate(parseEvent(text), BOB, EVE, null))).toBe(text);
  });
});
