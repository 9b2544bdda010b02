// The checks of a callback: key, headers, charset, and whether the calendar matches the headers.
import { describe, expect, it } from 'vitest';
import { checkCalendar, decodeBody, isValidKey, readCallbackHeaders } from '../../../src/doors/web/check-callback.ts';
import { readScheduling } from '../../../src/doors/web/read-scheduling.ts';
import type { Method } from '../../../src/core/itip/methods.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import { calendarOf } from './calendars.ts';

const address = (text: string): CalendarAddress => {
  const read = calendarAddress(text);
  if (read === null) throw new TypeError(`not a mail address: ${text}`);
  return read;
};
const check = (method: Method, sender: string, recipient: string, calendar: string) =>
  checkCalendar({ method, sender: address(sender), recipient: address(recipient) }, calendar, readScheduling);

describe('the key', () => {
  it.each([
    [{ 'x-api-key': 'right' }, 'right', true],
    [{ 'x-ls-api-key': 'right' }, 'right', true],
    [{ 'x-api-key': 'wrong' }, 'right', false],
    [{ 'x-api-key': 'right ' }, 'right', false],
    [{ 'x-api-key': '' }, 'right', false],
    [{}, 'right', false],
    [{ 'x-api-key': '' }, null, false],
    [{}, null, false],
    [{}, '', false],
  ])('%j against %j is %j', (headers, expected, right) => {
    expect(isValidKey(headers, expected)).toBe(right);
  });
});

describe('the headers', () => {
  it.each(['caldav', 'ls'])('are read with the prefix X-%s', (family) => {
    const headers = {
      [`x-${family}-sender`]: 'mailto:Alice@Example.com',
      [`x-${family}-recipient`]: 'bob@example.com',
      [`x-${family}-method`]: 'request',
    };
    expect(readCallbackHeaders(headers)).toEqual({
      sender: { key: 'alice@example.com', asWritten: 'Alice@Example.com' },
      recipient: { key: 'bob@example.com', asWritten: 'bob@example.com' },
      method: 'REQUEST',
    });
  });

  it('are decoded as UTF-8, although Node decodes them as Latin-1', () => {
    const latin = Buffer.from('mailto:jürgen@example.com', 'utf8').toString('latin1');
    const read = readCallbackHeaders({
      'x-caldav-sender': latin,
      'x-caldav-recipient': 'b@example.com',
      'x-caldav-method': 'REPLY',
    });
    expect(read).toMatchObject({ sender: { key: 'jürgen@example.com' } });
  });

  it.each([
    ['sender', undefined, 'no-sender'],
    ['sender', '/principals/alice/', 'no-sender'],
    ['sender', 'mailto:alice@example.com%0D%0ABcc:eve@example.com', 'no-sender'],
    ['sender', 'alice@example.com, eve@example.com', 'no-sender'],
    ['recipient', 'urn:uuid:00000000-0000-0000-0000-000000000000', 'no-recipient'],
    ['recipient', '', 'no-recipient'],
    ['method', undefined, 'no-method'],
    ['method', 'FORWARD', 'no-method'],
    ['method', 'constructor', 'no-method'],
  ])('with X-CalDAV-%s %j are refused: %s', (name, value, reason) => {
    const right = {
      'x-caldav-sender': 'alice@example.com',
      'x-caldav-recipient': 'bob@example.com',
      'x-caldav-method': 'REQUEST',
    };
    expect(readCallbackHeaders({ ...right, [`x-caldav-${name}`]: value })).toBe(reason);
  });
});

describe('the body', () => {
  it.each([
    ['UTF-8 by default', 'é', 'text/calendar', Buffer.from('é', 'utf8')],
    ['the charset of the Content-Type', 'é', 'text/calendar; charset="iso-8859-1"', Buffer.from('é', 'latin1')],
    ['UTF-16 if the Content-Type names it', 'é', 'text/calendar;charset=utf-16le', Buffer.from('é', 'utf16le')],
    ['UTF-8 without its byte order mark', 'é', undefined, Buffer.from('\uFEFFé', 'utf8')],
  ])('is read as %s', (_, text, type, bytes) => {
    expect(decodeBody(bytes, type)).toBe(text);
  });

  it('is folded again if a fold is within a character', () => {
    const folded = Buffer.from(`SUMMARY:${'é'.repeat(60)}\r\nUID:1\r\n`).toString('latin1');
    const bytes = Buffer.from(`${folded.slice(0, 75)}\r\n ${folded.slice(75)}`, 'latin1');
    expect(decodeBody(bytes, undefined)).toBe(`SUMMARY:${'é'.repeat(33)}\r\n ${'é'.repeat(27)}\r\nUID:1\r\n`);
  });

  it.each([
    ['bytes that are not UTF-8', 'text/calendar', Buffer.from('é', 'latin1')],
    ['an unknown charset', 'text/calendar; charset=klingon', Buffer.from('x')],
  ])('is refused with %s', (_, type, bytes) => {
    expect(decodeBody(bytes, type)).toBeNull();
  });
});

describe('the calendar', () => {
  it.each(['REQUEST', 'CANCEL', 'ADD', 'DECLINECOUNTER'] as const)(
    '%s goes from the organizer to an attendee',
    (method) => {
      const calendar = calendarOf({ method });
      expect(check(method, 'ALICE@example.com', 'bob@example.com', calendar)).toMatchObject({ method, calendar });
      expect(check(method, 'bob@example.com', 'alice@example.com', calendar)).toBe('sender-differs');
      expect(check(method, 'alice@example.com', 'eve@example.com', calendar)).toBe('recipient-differs');
    },
  );

  it.each(['REPLY', 'COUNTER', 'REFRESH'] as const)('%s goes from an attendee to the organizer', (method) => {
    const calendar = calendarOf({ method });
    expect(check(method, 'bob@example.com', 'alice@example.com', calendar)).toMatchObject({ method });
    expect(check(method, 'eve@example.com', 'alice@example.com', calendar)).toBe('sender-differs');
    expect(check(method, 'bob@example.com', 'eve@example.com', calendar)).toBe('recipient-differs');
  });

  it('PUBLISH needs no attendees', () => {
    const calendar = calendarOf({ method: 'PUBLISH', attendees: [] });
    expect(check('PUBLISH', 'alice@example.com', 'anybody@example.com', calendar)).toMatchObject({ method: 'PUBLISH' });
  });

  it('with a principal path as ORGANIZER is matched by its EMAIL parameter', () => {
    const calendar = calendarOf({ organizer: 'ORGANIZER;EMAIL=alice@example.com:/principals/alice/' });
    expect(check('REQUEST', 'alice@example.com', 'bob@example.com', calendar)).toMatchObject({ method: 'REQUEST' });
  });

  it.each([
    ['another METHOD', calendarOf({ method: 'CANCEL' }), 'method-differs'],
    ['no METHOD', calendarOf({ method: null }), 'method-differs'],
    ['two METHODs', calendarOf({}).replace('METHOD:REQUEST', 'METHOD:REQUEST\r\nMETHOD:REQUEST'), 'method-differs'],
    ['no UID', calendarOf({}).replace(/UID:.*\r\n/, ''), 'calendar-without-event'],
    ['a UID with a control character', calendarOf({}).replace(/UID:/, 'UID:\u0007'), 'calendar-without-event'],
    ['an overlong UID', calendarOf({}).replace(/UID:/, `UID:${'x'.repeat(1001)}`), 'calendar-without-event'],
    ['only a VFREEBUSY', calendarOf({}).replaceAll('VEVENT', 'VFREEBUSY'), 'calendar-without-event'],
    ['no calendar', 'hello', 'calendar-unparseable'],
  ])('with %s is refused', (_, calendar, reason) => {
    expect(check('REQUEST', 'alice@example.com', 'bob@example.com', calendar)).toBe(reason);
  });

  it('with overrides is one event, but with two UIDs it is refused', () => {
    const vevent = /BEGIN:VEVENT[^]*END:VEVENT\r\n/;
    const twice = calendarOf({}).replace(
      vevent,
      (event) => event + event.replace('UID:', 'RECURRENCE-ID:20261201T090000Z\r\nUID:'),
    );
    expect(check('REQUEST', 'alice@example.com', 'bob@example.com', twice)).toMatchObject({ method: 'REQUEST' });
    const others = calendarOf({}).replace(vevent, (event) => event + event.replace('UID:', 'UID:other-'));
    expect(check('REQUEST', 'alice@example.com', 'bob@example.com', others)).toBe('several-events');
  });
});
