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
    ['an instant', paris, '20261007T213000Z', '20261007T213000Z'],
    ['a local time without zone, in the zone of the event', paris, '20261007T233000', '20261007T213000Z'],
    ['a date in the zone of the event', paris, '20261007', '20261007T213000Z'],
    ['an instant that matches no occurrence', paris, '20261007T213001Z', null],
    ['a date before the first occurrence', paris, '20261005', null],
    ['a local time for an event in UTC', utc, '20261007T080000', '20261007T080000Z'],
    ['a date with several occurrences', hourly, '20261007', null],
    ['a date', day, '20261007', '20261007'],
    ['midnight without zone for a date', day, '20261007T000000', '20261007'],
    ['midnight in UTC for a date', day, '20261007T000000Z', '20261007'],
    ['midnight east of UTC for a date', day, '20261006T220000Z', '20261007'],
    ['midnight west of UTC for a date', day, '20261007T040000Z', '20261007'],
    ['11:00 UTC, which may be midnight of either date', day, '20261007T110000Z', null],
    ['a date without an occurrence', day, '20261101T000000Z', null],
    ['a floating time', floating, '20261007T100000', '20261007T100000'],
    ['an instant for a floating time, from New York', floating, '20261007T140000Z', '20261007T100000'],
    ['a local time for an event in an unknown zone', unknown, '20261007T100000', '20261007T100000'],
    ['an instant for an event in an unknown zone', unknown, '20261007T080000Z', '20261007T100000'],
  ])('%s', (_, document, recurrenceId, expected) => {
    const found = match(document, recurrenceId);
    expect(found).toEqual(expected === null ? { kind: 'none' } : { kind: 'instance', recurrenceId: expected });
  });

  const early = event('DTSTART;TZID=Europe/Paris:20261006T030000', RULE);
  const twice = event('DTSTART:20261006T030000Z', 'RRULE:FREQ=HOURLY;INTERVAL=12;COUNT=10');
  const midnight = event(
    'DTSTART:20261006T000000Z',
    'RRULE:FREQ=HOURLY;INTERVAL=12;COUNT=10',
    'EXDATE:20261008T000000Z',
  );
  const minutely = event('DTSTART:20261006T030000Z', 'RRULE:FREQ=MINUTELY;INTERVAL=5;COUNT=900');
  const cairo = event('DTSTART;TZID=Africa/Cairo:20270430T030000', RULE);

  it.each([
    ['without zone', early, '20261007T000000', '20261007T010000Z'],
    ['in the zone of the event', early, '20261006T220000Z', '20261007T010000Z'],
    ['in UTC, for an event in Paris', early, '20261007T000000Z', null],
    ['for an event in UTC', utc, '20261007T000000Z', '20261007T080000Z'],
    ['for a floating event', floating, '20261007T000000', '20261007T100000'],
    ['for an event in an unknown zone', unknown, '20261007T000000', '20261007T100000'],
    ['late in the evening', paris, '20261007T000000', '20261007T213000Z'],
    ['before the first occurrence', early, '20261005T000000', null],
    ['after the last occurrence', early, '20261011T000000', null],
    ['a second after midnight', early, '20261007T000001', null],
    ['with several occurrences', twice, '20261007T000000Z', null],
    ['if it is one of many occurrences', minutely, '20261007T000000Z', '20261007T000000Z'],
    ['if it is one of several occurrences', midnight, '20261007T000000Z', '20261007T000000Z'],
    ['if it is an excluded occurrence', midnight, '20261008T000000Z', null],
    ['if the day has no midnight', cairo, '20270430T000000', '20270430T000000Z'],
  ])('midnight means its day: %s', (_, document, recurrenceId, expected) => {
    const found = match(document, recurrenceId);
    expect(found).toEqual(expected === null ? { kind: 'none' } : { kind: 'instance', recurrenceId: expected });
  });

  it('matches the only occurrence of a single event', () => {
    const single = event('DTSTART;TZID=Europe/Paris:20261006T100000');
    expect(queryFor(single, '20261006T080000Z', 1)).toBeNull();
    expect(match(single, '20261006T080000Z')).toEqual({ kind: 'master' });
    expect(match(single, '20261006')).toEqual({ kind: 'master' });
    expect(match(single, '20261006T000000')).toEqual({ kind: 'master' });
    expect(match(single, '20261007T000000')).toEqual({ kind: 'none' });
    expect(match(single, '20261007T080000Z')).toEqual({ kind: 'none' });
  });

  describe('with a moved override', () => {
    const override = [
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:a',
      'RECURRENCE-ID:20261007T080000Z',
      'DTSTART:20261010T080000Z',
    ];
    const moved = event('DTSTART:20261006T080000Z', RULE, ...override);
    const elsewhere = event('DTSTART:20261006T080000Z', RULE, ...override.slice(0, -1), 'DTSTART:20261007T150000Z');

    it('matches its original start', () => {
      expect(match(moved, '20261007T080000Z')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
      expect(match(moved, '20261007')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
    });

    it('matches its new start if no other occurrence has that start', () => {
      expect(match(elsewhere, '20261007T150000Z')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
    });

    it('takes midnight for the day of its original start, unless it is a new start', () => {
      expect(match(moved, '20261007T000000')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
      const toMidnight = event('DTSTART:20261006T080000Z', RULE, ...override.slice(0, -1), 'DTSTART:20261008T000000Z');
      expect(match(toMidnight, '20261008T000000')).toEqual({ kind: 'override', recurrenceId: '20261007T080000Z' });
      expect(match(toMidnight, '20261008')).toEqual({ kind: 'instance', recurrenceId: '20261008T080000Z' });
    });

    it('matches the instance at its new start if there is one', () => {
      expect(match(moved, '20261010T080000Z')).toEqual({ kind: 'instance', recurrenceId: '20261010T080000Z' });
    });
  });

  it('limits the query to the occurrences and properties that it needs', () => {
    const document = event('DTSTART:20261006T080000Z', RULE, 'ATTENDEE:mailto:bob@example.com');
    const query = queryFor(document, '20261007T080000Z', 1);
    expect(query).toMatchObject({ uid: 'a', from: '20261007T080000Z', limit: 1 });
    expect(query?.calendar).not.toContain('ATTENDEE');
    expect(queryFor(document, 'soon', 1)).toBeNull();
  });

  it('returns `too-expensive` from the recurrence engine', () => {
    expect(
      matchOccurrence(event('DTSTART:20261006T080000Z', RULE), '20261007T080000Z', { kind: 'too-expensive' }),
    ).toEqual({
      kind: 'too-expensive',
    });
  });

  it('returns the zone of the event as written', () => {
    expect(zoneOf(event('DTSTART;TZID=Europe/Paris:20261006T100000'))).toBe('Europe/Paris');
    expect(zoneOf(event('DTSTART:20261006T100000Z'))).toBe('UTC');
  });
});
