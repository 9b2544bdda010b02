// Reading the facts of a posted calendar, and memoizing them.
import { describe, expect, it } from 'vitest';
import { makeSchedulingReader, readScheduling } from '../../../src/doors/web/read-scheduling.ts';
import { calendarOf } from './calendars.ts';

describe('the facts of a posted calendar', () => {
  it('are its METHOD, UID, organizer and attendees, and not those of an alarm', () => {
    expect(readScheduling(calendarOf({}))).toEqual({
      methods: ['REQUEST'],
      organizerLacksAddress: false,
      uids: new Set(['sprint-review@example.com']),
      organizers: new Set(['alice@example.com']),
      attendees: new Set(['bob@example.com', 'carol@example.com']),
    });
  });

  it.each([
    ['LF line ends', calendarOf({}).replaceAll('\r\n', '\n')],
    ['lower case names', calendarOf({}).replace('BEGIN:VEVENT', 'begin:vevent').replace('END:VEVENT', 'end:vevent')],
    ['blank lines around it', `\r\n${calendarOf({})}\r\n\r\n`],
    ['no final line end', calendarOf({}).trimEnd()],
  ])('are read with %s', (_, calendar) => {
    expect(readScheduling(calendar)?.uids.size).toBe(1);
  });

  it.each([
    ['an empty text', ''],
    ['two calendars', calendarOf({}) + calendarOf({})],
    ['a truncated calendar', calendarOf({}).slice(0, -20)],
    ['an END of another component', calendarOf({}).replace('END:VEVENT', 'END:VTODO')],
    ['text before it', `Hello\r\n${calendarOf({})}`],
    ['an additional END', `${calendarOf({})}END:VCALENDAR\r\n`],
    ['a VCARD', calendarOf({}).replaceAll('VCALENDAR', 'VCARD')],
    ['HTML', '<!doctype html><title>Login</title>'],
  ])('are null for %s', (_, calendar) => {
    expect(readScheduling(calendar)).toBeNull();
  });

  it('are memoized for the latest calendars', () => {
    const read = makeSchedulingReader();
    const first = read(calendarOf({}));
    expect(read(calendarOf({}))).toBe(first);
    for (let n = 0; n < 8; n++) read(calendarOf({ attendees: [`guest${n}@example.com`] }));
    expect(read(calendarOf({}))).not.toBe(first);
    expect(read(calendarOf({}))).toEqual(first);
  });

  it('of a calendar with 2,000 attendees are parsed only once', () => {
    const calendar = calendarOf({ attendees: Array.from({ length: 2000 }, (_, n) => `guest${n}@example.com`) });
    const read = makeSchedulingReader();
    expect(new Set(Array.from({ length: 100 }, () => read(calendar))).size).toBe(1);
  });
});
