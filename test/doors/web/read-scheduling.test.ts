import { describe, expect, it } from 'vitest';
import { makeSchedulingReader, readScheduling } from '../../../src/doors/web/read-scheduling.ts';
import { calendarOf } from './calendars.ts';

describe('the facts of a posted calendar', () => {
  it('are its METHOD, UID, organizer and attendees, and not those of an alarm', () => {
    expect(readScheduling(calendarOf({}))).toEqual({
      methods: ['REQUEST'],
      uids: new Set(['sprint-review@example.com']),
      organizers: new Set(['alice@example.com']),
      attendees: new Set(['bob@example.com', 'carol@example.com']),
    });
  });

  it.each([
    ['LF line ends', calendarOf({}).replaceAll('\r\n', '\n')],
    ['lower case names', calendarOf({}).replace('BEGIN:VEVENT', 'begin:vevent').replace('END:VEVENT', 'end:vevent')],
    ['blank lines around it', `\r\n${calendarOf({})}\r\n\r\n`],
    ['no line end at the end', calendarOf({}).trimEnd()],
  ])('are read with %s', (_, calendar) => {
    expect(readScheduling(calendar)?.uids.size).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['two calendars', calendarOf({}) + calendarOf({})],
    ['a calendar cut off', calendarOf({}).slice(0, -20)],
    ['an END of something else', calendarOf({}).replace('END:VEVENT', 'END:VTODO')],
    ['text before it', `Hello\r\n${calendarOf({})}`],
    ['an END too many', `${calendarOf({})}END:VCALENDAR\r\n`],
    ['a card', calendarOf({}).replaceAll('VCALENDAR', 'VCARD')],
    ['HTML', '<!doctype html><title>Login</title>'],
  ])('there are none in %s', (_, calendar) => {
    expect(readScheduling(calendar)).toBeNull();
  });

  it('are remembered for the calendars seen last', () => {
    const read = makeSchedulingReader();
    const first = read(calendarOf({}));
    expect(read(calendarOf({}))).toBe(first);
    for (let n = 0; n < 8; n++) read(calendarOf({ attendees: [`guest${n}@example.com`] }));
    expect(read(calendarOf({}))).not.toBe(first);
    expect(read(calendarOf({}))).toEqual(first);
  });

  it('of 2,000 attendees posted 2,000 times are ready in a fraction of the time that parsing them would take', () => {
    const calendar = calendarOf({ attendees: Array.from({ length: 2000 }, (_, n) => `guest${n}@example.com`) });
    const read = makeSchedulingReader();
    const parse = (times: number, reader: typeof read) => {
      const start = performance.now();
      for (let n = 0; n < times; n++) reader(calendar);
      return (performance.now() - start) / times;
    };
    const cold = parse(5, readScheduling);
    expect(parse(100, read)).toBeLessThan(cold / 2);
  });
});
