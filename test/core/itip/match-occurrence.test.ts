import { describe, expect, it } from 'vitest';
import { type EventDocument, parseEvent } from '../../../src/core/ical/event-document.ts';
import { type Match, matchOccurrence, queryFor, zoneOf } from '../../../src/core/itip/match-occurrence.ts';
import { expand } from './run-answer.ts';

const RULE = 'RRULE:FREQ=DAILY;COUNT=5';

function event(...masterLines: string[]): EventDocument {
  return parseEvent(
    ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:a', ...masterLines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'),
  );
}

function match(document: EventDocument, recurrenceId: string): Match {
  const query = queryFor(document, recurrenceId, 1);
  return matchOccurrence(document, recurrenceId, query && expand(query));
}

describe('matchOccurrence', () => {
  const paris = event('DTSTART;TZID=Europe/Paris:20261006T233000', RULE);
  const utc = event('DTSTART:20261006T080000Z', RULE);
  const day = event('DTSTART;VALUE=DATE:20261006', RULE);
  const floating = event('DTSTART:20261006T100000', RULE);
  const unknown = event('DTSTART;TZID=Nowhere:20261006T100000', RULE);
  const hourly = event('DTSTART:20261006T080000Z', 'RRULE:FREQ=HOURLY;COUNT=50');

  it.each([
    ['an instant, by the instant', paris, '20261007T213000Z', '20261007T213000Z'],
    ['a lost zone is the one of the event', paris, '20261007T233000', '20261007T213000Z'],
    ['a date is a date in the zone of the event', paris, '20261007', '20261007T213000Z'],
    ['an instant that is none', paris, '20261007T213001Z', null],
    ['a date before the first', paris, '20261005', null],
    ['a local time against UTC', utc, '20261007T080000', '20261007T080000Z'],
    ['a date that means several', hourly, '20261007', null],
    ['a date, by the date', day, '20261007', '20261007'],
    ['a date as midnight without zone', day, '20261007T000000', '20261007'],
    ['a date as midnight in UTC', day, '20261007T000000Z', '20261007'],
    ['a date as midnight east of UTC', day, '20261006T220000Z', '20261007'],
    ['a date as midnight west of UTC', day, '20261007T040000Z', '20261007'],
    ['noon in UTC could be midnight on either side of the world', day, '20261007T110000Z', null],
    ['no instance that day', day, '20261101T000000Z', null],
    ['floating, as it is', floating, '20261007T100000', '20261007T100000'],
    ['floating, as read in New York', floating, '20261007T140000Z', '20261007T100000'],
    ['an unknown zone, the same local time', unknown, '20261007T100000', '20261007T100000'],
    ['an unknown zone, by an instant that some zone may mean', unknown, '20261007T080000Z', '20261007T100000'],
  ])('%s', (_, document, recurrenceId, expected) => {
    const found = match(document, recurrenceId);
    expect(found).toEqual(expected === null ? { kind: 'none' } : { kind: 'instance', recurrenceId: expected });
  });

  it('knows the only occurrence of what does not recur', () => {
    const single = event('DTSTART;TZID=Europe/Paris:20261006T100000');
    expect(queryFor(single, '20261006T080000Z', 1)).toBeNull();
    expect(match(single, '20261006T080000Z')).toEqual({ kind: 'master' });
    expect(match(single, '20261006')).toEqual({ kind: 'master' });
    expect(match(single, '20261007T080000Z')).toEqual({ kind: 'none' });
  });

  describe('with an override that was moved', () => {
    const override = [
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:a',
      'RECURRENCE-ID:20261007T080000Z',
      'DTSTART:20261010T080000Z',
    ];
    const moved = event('DTSTART:20261006T080000Z', RULE, ...override);
    const elsewhere = event('DTSTART:20261006T080000Z', RULE, ...override.slice(0, -1), 'DTSTART:20261007T150000Z');

    it('finds it by its original start', () => {
      expect(match(moved, '20261007T080000Z')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
      expect(match(moved, '20261007')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
    });

    it('finds it by its new start where nothing else takes place', () => {
      expect(match(elsewhere, '20261007T150000Z')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
    });

    it('takes the instance itself where it was moved onto another', () => {
      expect(match(moved, '20261010T080000Z')).toEqual({ kind: 'instance', recurrenceId: '20261010T080000Z' });
    });
  });

  it('asks for no more than it needs, and tells the engine no attendees', () => {
    const document = event('DTSTART:20261006T080000Z', RULE, 'ATTENDEE:mailto:bob@example.com');
    const query = queryFor(document, '20261007T080000Z', 1);
    expect(query).toMatchObject({ uid: 'a', from: '20261007T080000Z', limit: 1 });
    expect(query?.calendar).not.toContain('ATTENDEE');
    expect(queryFor(document, 'soon', 1)).toBeNull();
  });

  it('passes on that a series is too expensive', () => {
    expect(
      matchOccurrence(event('DTSTART:20261006T080000Z', RULE), '20261007T080000Z', { kind: 'too-expensive' }),
    ).toEqual({
      kind: 'too-expensive',
    });
  });

  it('names the zone of the event as written', () => {
    expect(zoneOf(event('DTSTART;TZID=Europe/Paris:20261006T100000'))).toBe('Europe/Paris');
    expect(zoneOf(event('DTSTART:20261006T100000Z'))).toBe('UTC');
  });
});
