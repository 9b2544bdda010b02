import { describe, expect, it } from 'vitest';
import { eventFile } from '../../../src/core/pages/event-file.ts';
import type { RsvpView } from '../../../src/core/pages/rsvp-page.ts';
import { calendarOf } from '../../doors/web/calendars.ts';
import { claims, shown } from '../../doors/web/start-http.ts';

const fileOf = (changes: Partial<RsvpView>) => eventFile({ ...shown, calendar: calendarOf({}), ...changes }, claims);

describe('eventFile', () => {
  it('returns the event without METHOD and without private data of the organizer', () => {
    const file = fileOf({})?.replaceAll('\r\n ', '') ?? '';
    expect(file).toContain('SUMMARY:Sprint review\r\n');
    expect(file).toContain(':mailto:alice@example.com\r\n');
    expect(file).toContain('BEGIN:VTIMEZONE\r\n');
    expect(file).not.toMatch(/METHOD|VALARM|alarm@/);
  });

  it('writes the reply address into ORGANIZER', () => {
    const file = fileOf({ organizerAsMailed: 'r1a1-x@reply.example.com' })?.replaceAll('\r\n ', '');
    expect(file).toMatch(/^ORGANIZER.*mailto:r1a1-x@reply\.example\.com\r$/m);
  });

  it('has the DTSTAMP and SEQUENCE that a mail would have', () => {
    const file = fileOf({ stamp: { stampedAt: Date.UTC(2027, 0, 2, 3, 4, 5), sequences: new Map([[null, 7]]) } });
    expect(file).toMatch(/^DTSTAMP:20270102T030405Z\r$/m);
    expect(file).toMatch(/^SEQUENCE:7\r$/m);
  });

  it.each([
    ['a past event', { state: 'past' }, true],
    ['an unreachable calendar', { state: 'unreachable' }, true],
    ['a deleted event', { state: 'gone' }, false],
    ['a cancelled event', { state: 'cancelled' }, false],
    ['a person who is not invited', { state: 'not-invited' }, false],
    ['an unknown event', { calendar: null }, false],
    ['a calendar that cannot be parsed', { calendar: 'BEGIN:VCALENDAR' }, false],
  ] as const)('returns a file for %s: %j', (_, changes, offered) => {
    expect(fileOf(changes) !== null).toBe(offered);
  });
});
