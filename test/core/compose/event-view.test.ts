import { describe, expect, it } from 'vitest';
import { readComment, readEventView } from '../../../src/core/compose/event-view.ts';
import { alarm, bob, calendar, carol, event, series } from './samples.ts';

const recurring = event(series);
const moved = event({
  'RECURRENCE-ID': 'RECURRENCE-ID;TZID=Europe/Paris:20261201T100000',
  DTSTART: 'DTSTART;TZID=Europe/Paris:20261202T140000',
  DTEND: 'DTEND;TZID=Europe/Paris:20261202T150000',
  SUMMARY: 'SUMMARY:Moved',
});
const cancelled = event({
  'RECURRENCE-ID': 'RECURRENCE-ID;TZID=Europe/Paris:20261215T100000',
  STATUS: 'STATUS:CANCELLED',
});

describe('readEventView', () => {
  it('returns the texts unescaped and otherwise unchanged', () => {
    const view = readEventView(calendar('REQUEST', [...event({ SEQUENCE: 'SEQUENCE:3' }), ...alarm]), null, bob, null);
    expect(view).toMatchObject({
      uid: 'planning@example.com',
      recurrenceId: null,
      summary: 'Planning the spring issue',
      location: 'Room 3, Main Street 12',
      description: 'Dear all,\n\nplease read https://example.com/draft?a=1&b=2 before we meet.\nThanks!',
      meetings: [{ name: '', href: 'https://meet.example.com/abc-defg-hij' }],
      files: [],
      start: { form: 'zoned', local: '20261103T100000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 3, 9) },
      end: { local: '20261103T113000' },
      recurrence: null,
      organizer: { key: 'alice@example.com', name: 'Alice Martin', address: 'alice@example.com' },
      sequence: 3,
      cancelled: false,
    });
    expect(view.guests).toEqual([
      {
        key: 'alice@example.com',
        name: 'Alice Martin',
        address: 'alice@example.com',
        partstat: 'ACCEPTED',
        optional: false,
      },
      {
        key: 'bob@example.org',
        name: 'Bob Dupont',
        address: 'bob@example.org',
        partstat: 'NEEDS-ACTION',
        optional: false,
      },
      {
        key: 'carol@example.net',
        name: 'Carol Weiß',
        address: 'carol@example.net',
        partstat: 'TENTATIVE',
        optional: true,
      },
    ]);
  });

  it('returns the excluded dates of a series, also those of cancelled overrides', () => {
    const view = readEventView(calendar(null, recurring, moved, cancelled), null, null, null);
    expect(view.recurrence?.rrule).toBe('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270630T080000Z');
    expect(view.recurrence?.excluded.map((time) => time.local)).toEqual(['20261117T100000', '20261215T100000']);
  });

  it('returns the dates of RDATE without those of EXDATE', () => {
    const lines = event({
      RDATE: 'RDATE;TZID=Europe/Paris:20261120T100000,20261110T100000',
      'RDATE;VALUE': 'RDATE;VALUE=PERIOD:20261204T090000Z/PT1H',
      EXDATE: 'EXDATE:20261110T090000Z',
    });
    const datesOf = (text: readonly string[]): (string | undefined)[] | undefined =>
      readEventView(calendar(null, text), null, null, null).recurrence?.added.map((time) => time.local);
    expect(datesOf([...lines, 'RRULE:FREQ=WEEKLY'])).toEqual(['20261120T100000', '20261204T090000']);
    // Without RRULE, the first date is one of them.
    expect(datesOf(lines)).toEqual(['20261103T100000', '20261120T100000', '20261204T090000']);
    expect(datesOf([...lines, 'EXDATE:20261103T090000Z'])).toEqual(['20261120T100000', '20261204T090000']);
  });

  it('reads an occurrence from its override', () => {
    const view = readEventView(calendar(null, recurring, moved), '20261201T090000Z', null, null);
    expect(view).toMatchObject({
      summary: 'Moved',
      recurrenceId: '20261201T090000Z',
      start: { local: '20261202T140000' },
    });
  });

  it('reads an RDATE period with its own length', () => {
    const lines = event({ RDATE: 'RDATE;VALUE=PERIOD:20261204T090000Z/PT5H' });
    const { start, end } = readEventView(calendar(null, lines), '20261204T090000Z', null, null);
    expect([start?.local, end?.local]).toEqual(['20261204T100000', '20261204T150000']);
  });

  it('moves the master to an occurrence without an override, also across a DST change', () => {
    const view = readEventView(calendar(null, recurring, moved), '20270406T080000Z', null, null);
    expect(view).toMatchObject({
      summary: 'Planning the spring issue',
      recurrenceId: '20270406T080000Z',
      start: { local: '20270406T100000', instant: Date.UTC(2027, 3, 6, 8) },
      end: { local: '20270406T113000', instant: Date.UTC(2027, 3, 6, 9, 30) },
      recurrence: null,
    });
  });

  it('moves all-day events and floating times', () => {
    const days = event({
      DTSTART: 'DTSTART;VALUE=DATE:20261103',
      DTEND: 'DTEND;VALUE=DATE:20261105',
      RRULE: 'RRULE:FREQ=MONTHLY',
    });
    expect(readEventView(calendar(null, days), '20261203', null, null)).toMatchObject({
      start: { form: 'date', local: '20261203' },
      end: { form: 'date', local: '20261205' },
    });
    const floating = event({
      DTSTART: 'DTSTART:20261103T100000',
      DTEND: 'DTEND:20261103T110000',
      RRULE: 'RRULE:FREQ=DAILY',
    });
    expect(readEventView(calendar(null, floating), '20261104T100000', null, null)).toMatchObject({
      start: { form: 'floating', local: '20261104T100000', instant: null },
      end: { local: '20261104T110000' },
    });
  });

  it('reads the override to which the recipient is invited if there is no master', () => {
    const forCarol = event({
      'RECURRENCE-ID': 'RECURRENCE-ID;TZID=Europe/Paris:20261229T100000',
      SUMMARY: 'SUMMARY:For Carol',
    });
    const forBob = moved.filter((line) => !line.includes('carol'));
    expect(readEventView(calendar('REQUEST', forBob, forCarol), null, carol, null).summary).toBe('For Carol');
    expect(readEventView(calendar('REQUEST', forBob, forCarol), null, null, null).summary).toBe('Moved');
    expect(readEventView(calendar('REQUEST', forBob), null, null, null).recurrenceId).toBe('20261201T090000Z');
  });

  it.each([
    ['DURATION:PT1H30M', '20261103T113000'],
    ['DURATION:P1D', '20261104T100000'],
    ['DURATION:P1W', '20261110T100000'],
    ['DURATION:-PT1H', undefined],
    ['DURATION:PT1H30', undefined],
  ])('reads the end from %s', (duration, local) => {
    const view = readEventView(calendar(null, event({ DTEND: null, DURATION: duration })), null, null, null);
    expect(view.end?.local).toBe(local);
  });

  it.each([
    ['METHOD:CANCEL', calendar('CANCEL', event())],
    ['STATUS:CANCELLED', calendar('REQUEST', event({ STATUS: 'STATUS:Cancelled' }))],
  ])('recognises a cancelled event by %s', (_by, text) => {
    expect(readEventView(text, null, null, null).cancelled).toBe(true);
  });

  it.each([
    ['CONFERENCE:javascript:alert(1)', null],
    ['URL:http://example.com/e', 'http://example.com/e'],
    ['X-GOOGLE-CONFERENCE:https://meet.google.com/abc', 'https://meet.google.com/abc'],
  ])('reads from %s the link %s', (line, expected) => {
    expect(readEventView(calendar(null, event({ CONFERENCE: line })), null, null, null).meetings[0]?.href ?? null).toBe(
      expected,
    );
  });

  it('uses EMAIL of a guest whose address is a URN, and NEEDS-ACTION for an unknown PARTSTAT', () => {
    const odd = event({ ATTENDEE: 'ATTENDEE;PARTSTAT=WHATEVER;EMAIL=dan@example.com:urn:uuid:1b9c' });
    expect(readEventView(calendar(null, odd), null, null, null).guests).toEqual([
      {
        key: 'dan@example.com',
        name: 'dan@example.com',
        address: 'dan@example.com',
        partstat: 'NEEDS-ACTION',
        optional: false,
      },
    ]);
  });

  it.each([
    ['ATTENDEE:mailto:Bob@Bücher.example.com', 'bob@xn--bcher-kva.example.com', 'Bob@Bücher.example.com'],
    ['ATTENDEE:/Principals/Bob', '/principals/bob', '/Principals/Bob'],
  ])('returns the key of the guest of %s', (line, key, address) => {
    expect(readEventView(calendar(null, event({ ATTENDEE: line })), null, null, null).guests).toMatchObject([
      { key, address },
    ]);
  });

  it('reads an event with almost no properties', () => {
    const view = readEventView(calendar(null, ['UID:x']), null, null, null);
    expect(view).toMatchObject({
      summary: '',
      start: null,
      end: null,
      organizer: null,
      guests: [],
      meetings: [],
      files: [],
    });
  });

  it.each(['', 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n', 'hello'])('refuses %j', (text) => {
    expect(() => readEventView(text, null, null, null)).toThrow(
      expect.objectContaining({ code: 'calendar-unparseable' }),
    );
  });
});

describe('readComment', () => {
  it('reads COMMENT of the event, not of its alarm', () => {
    const alarmWithComment = [...alarm.slice(0, -1), 'COMMENT:no', 'END:VALARM'];
    expect(
      readComment(
        calendar('REPLY', [...event({ COMMENT: 'COMMENT:Five minutes late\\, sorry' }), ...alarmWithComment]),
      ),
    ).toBe('Five minutes late, sorry');
    expect(readComment(calendar('REPLY', [...event(), ...alarmWithComment]))).toBe('');
  });
});
