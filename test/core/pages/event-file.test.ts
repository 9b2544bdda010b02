import { describe, expect, it } from 'vitest';
import { eventFile } from '../../../src/core/pages/event-file.ts';
import type { RsvpShown } from '../../../src/core/pages/rsvp-page.ts';
import { calendarOf } from '../../doors/web/calendars.ts';
import { claims, shown } from '../../doors/web/start-http.ts';

const fileOf = (changes: Partial<RsvpShown>) => eventFile({ ...shown, calendar: calendarOf({}), ...changes }, claims);

describe('the file of an event', () => {
  it('is the event without METHOD and without what is the organizer’s own', () => {
    const file = fileOf({})?.replaceAll('\r\n ', '') ?? '';
    expect(file).toContain('SUMMARY:Sprint review\r\n');
    expect(file).toContain(':mailto:alice@example.com\r\n');
    expect(file).toContain('BEGIN:VTIMEZONE\r\n');
    expect(file).not.toMatch(/METHOD|VALARM|alarm@/);
  });

  it('sends answers where the mail sent them', () => {
    const file = fileOf({ organizerAsMailed: 'r1a1-x@reply.example.com' })?.replaceAll('\r\n ', '');
    expect(file).toMatch(/^ORGANIZER.*mailto:r1a1-x@reply\.example\.com\r$/m);
  });

  it.each([
    ['an event that is over', { state: 'past' }, true],
    ['a calendar that is away', { state: 'unreachable' }, true],
    ['an event that is gone', { state: 'gone' }, false],
    ['an event that is cancelled', { state: 'cancelled' }, false],
    ['somebody who is not invited', { state: 'not-invited' }, false],
    ['an event that is not known', { calendar: null }, false],
    ['an event that cannot be read', { calendar: 'BEGIN:VCALENDAR' }, false],
  ] as const)('for %s: %j', (_, changes, offered) => {
    expect(fileOf(changes) !== null).toBe(offered);
  });
});
