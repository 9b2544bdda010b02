import { describe, expect, it } from 'vitest';
import { ContentLine, withParam } from '../../../src/core/ical/content-lines.ts';
import { type EventComponent, partstatIn, readSequence } from '../../../src/core/ical/event-component.ts';
import { address } from '../itip/run-answer.ts';
import { eventOf } from './event-of.ts';

function event(...lines: string[]): EventComponent {
  return eventOf(lines);
}

describe('EventComponent', () => {
  const meeting = event(
    'UID: lunch\\, today ',
    'SEQUENCE:4',
    'LAST-MODIFIED:20261101T080000Z',
    'DTSTART;TZID=Europe/Paris:20261122T120000',
    'RECURRENCE-ID;TZID=Romance Standard Time:20261122T110000',
    'ORGANIZER;SENT-BY="mailto:secretary@example.com":mailto:Alice@example.com',
    'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com',
    'ATTENDEE;EMAIL=cara@example.com:urn:uuid:1',
    'ATTENDEE;EMAIL=bob@example.com:mailto:bobs-assistant@example.com',
    'ATTENDEE:urn:uuid:2',
    'BEGIN:VALARM',
    'ATTENDEE:mailto:dora@example.com',
    'SEQUENCE:9',
    'END:VALARM',
    'status:cancelled',
  );

  it('reads its own properties, not those of its alarm', () => {
    expect(meeting.uid).toBe('lunch, today');
    expect(meeting.sequence).toBe(4);
    expect(meeting.lastModified).toBe(Date.UTC(2026, 10, 1, 8));
    expect(meeting.recurrenceId).toBe('20261122T100000Z');
    expect(meeting.start?.instant).toBe(Date.UTC(2026, 10, 22, 11));
    expect(meeting.cancelled).toBe(true);
    expect(meeting.organizer?.address).toEqual({ key: 'alice@example.com', asWritten: 'Alice@example.com' });
    expect(meeting.organizer?.sentBy?.key).toBe('secretary@example.com');
    expect(meeting.attendees.map((each) => each.address.key)).toEqual([
      'bob@example.com',
      'cara@example.com',
      'bobs-assistant@example.com',
    ]);
  });

  it('finds an attendee by its value, or else by EMAIL', () => {
    expect(meeting.attendeeLines(address('BOB@example.com')).map(({ value }) => value)).toEqual([
      'mailto:bob@example.com',
    ]);
    expect(meeting.partstatOf(address('cara@example.com'))).toBe('NEEDS-ACTION');
    expect(meeting.partstatOf(address('dora@example.com'))).toBeNull();
  });

  it('returns defaults for missing properties', () => {
    const bare = event('SUMMARY:x');
    expect([bare.uid, bare.start, bare.recurrenceId, bare.organizer, bare.lastModified]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect([bare.sequence, bare.cancelled, bare.attendees.length]).toEqual([0, false, 0]);
  });

  it('is an override even if its RECURRENCE-ID is invalid', () => {
    expect(event('RECURRENCE-ID:soon').recurrenceId).toBe('soon');
  });

  it('uses DUE as the start of a task without DTSTART', () => {
    expect(eventOf(['DUE;VALUE=DATE:20261122'], 'VTODO').start?.local).toBe('20261122');
    expect(event('DUE:20261122').start).toBeNull();
  });

  it('returns changed copies that share the unchanged parts', () => {
    const changed = meeting.withAttendee(address('bob@example.com'), (line) => withParam(line, 'PARTSTAT', 'DECLINED'));
    expect(meeting.partstatOf(address('bob@example.com'))).toBe('ACCEPTED');
    expect(changed.partstatOf(address('bob@example.com'))).toBe('DECLINED');
    expect(changed.parts.filter((part, at) => part !== meeting.parts[at])).toHaveLength(1);
    expect(changed.recurrenceId).toBe(meeting.recurrenceId);
  });
});

describe('the end of an event', () => {
  it.each<[string, string[], string | null]>([
    ['DTEND', ['DTSTART:20260302T090000Z', 'DTEND:20260302T100000Z'], '20260302T100000'],
    [
      'DTEND before DURATION',
      ['DTSTART:20260302T090000Z', 'DTEND:20260302T100000Z', 'DURATION:PT5H'],
      '20260302T100000',
    ],
    ['DURATION', ['DTSTART:20260302T090000Z', 'DURATION:P1DT2H3M4S'], '20260303T110304'],
    ['weeks', ['DTSTART:20260302T090000Z', 'DURATION:P2W'], '20260316T090000'],
    [
      'nominal days across a DST change',
      ['DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:P1D'],
      '20260329T120000',
    ],
    [
      'exact hours across a DST change',
      ['DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:PT24H'],
      '20260329T130000',
    ],
    ['floating', ['DTSTART:20260302T090000', 'DURATION:PT1H'], '20260302T100000'],
    ['an unknown zone', ['DTSTART;TZID=Nowhere:20260302T090000', 'DURATION:PT1H'], '20260302T100000'],
    ['a date without an end', ['DTSTART;VALUE=DATE:20260302'], '20260303'],
    ['days', ['DTSTART;VALUE=DATE:20260302', 'DURATION:P3D'], '20260305'],
    ['a time without an end', ['DTSTART:20260302T090000Z'], null],
    ['an invalid duration', ['DTSTART:20260302T090000Z', 'DURATION:soon'], null],
    ['a negative duration', ['DTSTART:20260302T090000Z', 'DURATION:-PT1H'], null],
  ])('%s', (_, lines, expected) => {
    expect(event(...lines).end?.local ?? null).toBe(expected);
  });
});

it('returns the dates of RDATE, with the ends of periods', () => {
  const dates = event(
    'RDATE;TZID=Europe/Paris:20261122T120000, 20261123T120000',
    'RDATE;VALUE=PERIOD:20261124T110000Z/PT1H',
    'RDATE:soon',
  ).dates('RDATE');
  expect(dates.map(({ written, time, end }) => [written, time?.instant ?? null, end?.instant ?? null])).toEqual([
    ['20261122T120000', Date.UTC(2026, 10, 22, 11), null],
    ['20261123T120000', Date.UTC(2026, 10, 23, 11), null],
    ['20261124T110000Z/PT1H', Date.UTC(2026, 10, 24, 11), Date.UTC(2026, 10, 24, 12)],
    ['soon', null, null],
  ]);
});

describe('partstatIn', () => {
  it.each([
    ['ATTENDEE:x', 'NEEDS-ACTION'],
    ['ATTENDEE;PARTSTAT=accepted:x', 'ACCEPTED'],
    ['ATTENDEE;PARTSTAT="TENTATIVE":x', 'TENTATIVE'],
    ['ATTENDEE;PARTSTAT=IN-PROCESS:x', 'IN-PROCESS'],
    ['ATTENDEE;PARTSTAT=X-MAYBE:x', 'NEEDS-ACTION'],
    ['ATTENDEE;PARTSTAT:x', 'NEEDS-ACTION'],
  ])('reads %s as %s', (line, partstat) => {
    expect(partstatIn(new ContentLine(line))).toBe(partstat);
  });
});

describe('readSequence', () => {
  it.each([
    ['SEQUENCE:0', 0],
    ['SEQUENCE: 12 ', 12],
    ['SEQUENCE:-1', null],
    ['SEQUENCE:1.5', null],
    ['SEQUENCE:99999999999999', null],
    ['SEQUENCE:', null],
  ])('reads %j as %j', (line, sequence) => {
    expect(readSequence(new ContentLine(line))).toBe(sequence);
  });
});
