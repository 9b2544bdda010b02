import { describe, expect, it } from 'vitest';
import { ContentLine } from '../../../src/core/ical/content-lines.ts';
import { formOf, isUid, millisOf, occurrenceIdOf, spanAt, timeOf } from '../../../src/core/ical/occurrence-id.ts';
import { eventOf } from './event-of.ts';

describe('occurrence ids', () => {
  it.each([
    ['RECURRENCE-ID:20261122T100000Z', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;TZID=Europe/Paris:20261122T110000', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;TZID=Romance Standard Time:20261122T110000', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;VALUE=DATE:20261122', '20261122', 'date'],
    ['RECURRENCE-ID:20261122', '20261122', 'date'],
    ['RECURRENCE-ID:20261122T110000', '20261122T110000', 'local'],
    ['RECURRENCE-ID;TZID=Nowhere:20261122T110000', '20261122T110000', 'local'],
  ])('reads %s as %s', (raw, id, form) => {
    const time = timeOf(new ContentLine(raw), []);
    expect(time && occurrenceIdOf(time)).toBe(id);
    expect(formOf(id)).toBe(form);
  });

  it('returns null for an invalid time', () => {
    expect(timeOf(new ContentLine('RECURRENCE-ID:tomorrow'), [])).toBeNull();
    expect(timeOf(null, [])).toBeNull();
  });

  it('returns the milliseconds of an id', () => {
    expect(millisOf('20261122T100000Z')).toBe(Date.UTC(2026, 10, 22, 10));
    expect(millisOf('20261122')).toBe(Date.UTC(2026, 10, 22));
    expect(millisOf('soon')).toBeNaN();
  });
});

describe('spanAt', () => {
  it.each([
    [
      'in its zone',
      'DTSTART;TZID=Europe/Paris:20261006T100000',
      'DTEND;TZID=Europe/Paris:20261006T113000',
      '20261110T090000Z',
      '20261110T100000',
      '20261110T113000',
    ],
    [
      'with its exact duration across a DST change',
      'DTSTART;TZID=Europe/Paris:20261003T220000',
      'DTEND;TZID=Europe/Paris:20261004T060000',
      '20261024T200000Z',
      '20261024T220000',
      '20261025T050000',
    ],
    [
      'with start and end in two zones',
      'DTSTART;TZID=Europe/Paris:20261006T100000',
      'DTEND;TZID=America/New_York:20261006T120000',
      '20261007T080000Z',
      '20261007T100000',
      '20261007T120000',
    ],
    [
      'in UTC',
      'DTSTART:20261006T100000Z',
      'DTEND:20261006T110000Z',
      '20261007T100000Z',
      '20261007T100000',
      '20261007T110000',
    ],
    [
      'floating',
      'DTSTART:20261006T100000',
      'DTEND:20261006T110000',
      '20261007T100000',
      '20261007T100000',
      '20261007T110000',
    ],
    [
      'in an unknown zone',
      'DTSTART;TZID=Nowhere:20261006T100000',
      'DTEND;TZID=Nowhere:20261006T110000',
      '20261007T100000',
      '20261007T100000',
      '20261007T110000',
    ],
    ['of dates', 'DTSTART;VALUE=DATE:20261006', 'DTEND;VALUE=DATE:20261008', '20261030', '20261030', '20261101'],
    ['without an end', 'DTSTART:20261006T100000Z', 'SUMMARY:x', '20261007T100000Z', '20261007T100000', null],
    [
      'of the master for an invalid id',
      'DTSTART:20261006T100000Z',
      'DTEND:20261006T110000Z',
      'soon',
      '20261006T100000',
      '20261006T110000',
    ],
  ])('returns the span %s', (_, dtstart, dtend, id, start, end) => {
    const span = spanAt(eventOf([dtstart, dtend]), id, []);
    expect([span.start?.local, span.end?.local ?? null]).toEqual([start, end]);
    if (formOf(id) === 'instant') expect(span.start?.instant).toBe(millisOf(id));
  });

  it('returns the same span if there is no start', () => {
    expect(spanAt({ start: null, end: null }, '20261007T100000Z', [])).toEqual({ start: null, end: null });
  });
});

describe('isUid', () => {
  it.each([
    ['event-1@example.com', true],
    ['7F0A {x} — ü', true],
    ['é'.repeat(500), true],
    ['é'.repeat(501), false],
    ['', false],
    ['a\u001fb', false],
    ['a\nb', false],
    ['a\0', false],
  ])('%j: %s', (text, expected) => {
    expect(isUid(text)).toBe(expected);
  });
});
