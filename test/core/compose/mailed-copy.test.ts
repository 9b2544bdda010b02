import * as fc from 'fast-check';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { type MailedCopyInput, mailedCopy, methodToMail, REWRITES } from '../../../src/core/compose/mailed-copy.ts';
import { alarm, alice, bob, calendar, event, series } from './samples.ts';

function copy(changes: Partial<MailedCopyInput> = {}): string {
  return mailedCopy({
    kind: 'invitation',
    calendar: calendar('REQUEST', event()),
    sender: alice,
    recipient: bob,
    organizerAsMailed: 'r1k-7ch4@reply.example.com',
    itip: true,
    guestList: true,
    stamp: null,
    ...changes,
  });
}

/** Returns the unfolded lines with this name. */
function lines(text: string, name: string): string[] {
  return text
    .replace(/\r\n[ \t]/g, '')
    .split('\r\n')
    .filter((line) => line.startsWith(name));
}

/** Parses the calendar with ical.js, which throws if it is invalid. */
function parse(text: string): ICAL.Component {
  return new ICAL.Component(ICAL.parse(text) as unknown as unknown[]);
}

describe('mailedCopy', () => {
  it('writes the reply address into ORGANIZER, and keeps the organizer’s address in EMAIL', () => {
    expect(lines(copy(), 'ORGANIZER')).toEqual([
      'ORGANIZER;CN=Alice Martin;EMAIL=alice@example.com:mailto:r1k-7ch4@reply.example.com',
    ]);
    expect(lines(copy(), 'ATTENDEE;CN=Alice')).toEqual([
      'ATTENDEE;CN=Alice Martin;PARTSTAT=ACCEPTED;ROLE=CHAIR;EMAIL=alice@example.com:mailto:r1k-7ch4@reply.example.com',
    ]);
    expect(copy()).not.toContain('mailto:alice@example.com');
  });

  it('makes a missing CN from the address, and removes SENT-BY', () => {
    const text = calendar(
      'REQUEST',
      event({ ORGANIZER: 'ORGANIZER;SENT-BY="mailto:assistant@example.com":MAILTO:Alice@Example.com' }),
    );
    expect(lines(copy({ calendar: text }), 'ORGANIZER')).toEqual([
      'ORGANIZER;CN=alice@example.com;EMAIL=alice@example.com:mailto:r1k-7ch4@reply.example.com',
    ]);
  });

  it('keeps ORGANIZER if there is no reply address', () => {
    const text = copy({ organizerAsMailed: null });
    expect(lines(text, 'ORGANIZER')).toEqual(['ORGANIZER;CN=Alice Martin:mailto:alice@example.com']);
  });

  it('sets RSVP=TRUE for the recipient only', () => {
    expect(lines(copy(), 'ATTENDEE').filter((line) => line.includes('RSVP=TRUE'))).toEqual([
      'ATTENDEE;CN=Bob Dupont;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org',
    ]);
    expect(copy({ calendar: calendar('CANCEL', event()), kind: 'cancel' })).not.toContain('RSVP');
  });

  it('removes everything private', () => {
    const text = calendar('REQUEST', [
      ...event(series),
      'X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-ATTENDEE-REF="mailto:carol@example.net":hush',
      'X-CALENDARSERVER-PRIVATE-COMMENT:hush',
      'X-MOZ-LASTACK:20261020T080000Z',
      'X-APPLE-TRAVEL-START;X-TITLE=hush:x',
      'REQUEST-STATUS:2.0;hush',
      ...alarm,
    ]);
    const mailed = copy({ calendar: text });
    expect(mailed).not.toMatch(/SCHEDULE-|VALARM|hush|maybe late|X-MOZ|X-APPLE-TRAVEL|Leave home/);
    expect(lines(mailed, 'RRULE')).toContain(series.RRULE);
    expect(lines(mailed, 'EXDATE')).toHaveLength(1);
  });

  it.each([['REQUEST'], ['CANCEL'], ['REPLY']])('removes the sender’s categories and colours: %s', (method) => {
    const filed = [
      'CATEGORIES:Clients',
      'categories;LANGUAGE=en:Lawsuit',
      'COLOR:red',
      'X-APPLE-CALENDAR-COLOR:#ff0000',
    ];
    const text = calendar(method, [...event(), ...filed, 'TRANSP:TRANSPARENT', 'PRIORITY:1']);
    const ofTheCalendar = text.replace('BEGIN:VEVENT', `${filed.join('\r\n')}\r\nBEGIN:VEVENT`);
    const kind = method === 'REPLY' ? 'reply' : 'invitation';
    for (const each of [text, ofTheCalendar]) {
      const mailed = copy({ calendar: each, kind });
      expect(mailed).not.toMatch(/CATEGORIES|COLOR/i);
      expect(lines(mailed, 'TRANSP')).toEqual(['TRANSP:TRANSPARENT']);
      expect(lines(mailed, 'PRIORITY')).toEqual(['PRIORITY:1']);
    }
  });

  it('keeps the guest’s own comments in a REPLY', () => {
    const reply = calendar('REPLY', [
      ...event({
        ATTENDEE: 'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=late;SCHEDULE-AGENT=SERVER:mailto:bob@example.org',
      }),
      'REQUEST-STATUS:2.0;Success',
      'COMMENT:late',
    ]);
    const mailed = copy({ calendar: reply, kind: 'reply', sender: bob, recipient: alice, organizerAsMailed: null });
    expect(lines(mailed, 'ATTENDEE')).toEqual([
      'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=late:mailto:bob@example.org',
    ]);
    expect(lines(mailed, 'ORGANIZER')).toEqual(['ORGANIZER;CN=Alice Martin:mailto:alice@example.com']);
    expect(lines(mailed, 'REQUEST-STATUS')).toHaveLength(1);
    expect(lines(mailed, 'COMMENT')).toEqual(['COMMENT:late']);
  });

  it('has the DTSTAMP and SEQUENCE of its stamp in each component, where they were or first', () => {
    const override = ['RECURRENCE-ID:20261201T090000Z', 'DTSTART:20261201T100000Z', 'DTSTAMP:x', 'dtstamp:y'];
    const stampedAt = Date.UTC(2027, 0, 2, 3, 4, 5);
    const sequences = new Map([[null, 4]]);
    const text = calendar('REQUEST', event(), ['UID:planning@example.com', 'SEQUENCE:2', ...override]);
    const mailed = copy({ calendar: text, stamp: { stampedAt, sequences } });
    expect(lines(mailed, 'DTSTAMP')).toEqual(['DTSTAMP:20270102T030405Z', 'DTSTAMP:20270102T030405Z']);
    expect(lines(mailed, 'SEQUENCE')).toEqual(['SEQUENCE:4', 'SEQUENCE:2']);
    const bare = calendar('REQUEST', ['UID:planning@example.com', 'DTSTART:20261201T100000Z']);
    const completed = copy({ calendar: bare, stamp: { stampedAt, sequences } });
    expect(completed).toContain('BEGIN:VEVENT\r\nDTSTAMP:20270102T030405Z\r\nSEQUENCE:4\r\nUID:');
  });

  it('has METHOD only if iTIP is on', () => {
    expect(lines(copy(), 'METHOD')).toEqual(['METHOD:REQUEST']);
    expect(lines(copy({ itip: false }), 'METHOD')).toEqual([]);
    expect(lines(copy({ calendar: calendar(null, event()), kind: 'cancel' }), 'METHOD')).toEqual(['METHOD:CANCEL']);
    expect(methodToMail(calendar('COUNTER', event()), 'reply')).toBe('COUNTER');
    expect(methodToMail(calendar('x"; name="evil', event()), 'reply')).toBe('REPLY');
  });

  it('lists only the organizer and the recipient of more than a hundred guests', () => {
    const many = Array.from({ length: 98 }, (_, at) => `ATTENDEE;CN=Guest ${at}:mailto:guest${at}@example.com`);
    expect(lines(copy({ calendar: calendar('REQUEST', [...event(), ...many.slice(1)]) }), 'ATTENDEE')).toHaveLength(
      100,
    );
    const mailed = copy({ calendar: calendar('REQUEST', [...event(), ...many]) });
    expect(lines(mailed, 'ATTENDEE').map((line) => line.split(':mailto:')[1])).toEqual([
      'r1k-7ch4@reply.example.com',
      'bob@example.org',
    ]);
  });

  it('keeps VTIMEZONEs, and adds those that are missing', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Custom/Zone',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0100',
      'END:STANDARD',
      'END:VTIMEZONE',
      '',
    ];
    const text = calendar(
      'REQUEST',
      event({
        DTEND: 'DTEND;TZID=Custom/Zone:20261103T113000',
        RDATE: 'RDATE;TZID="W. Europe Standard Time":20261110T100000',
      }),
    );
    const mailed = copy({ calendar: text.replace('BEGIN:VEVENT', `${zone.join('\r\n')}BEGIN:VEVENT`) });
    const zones = parse(mailed).getAllSubcomponents('vtimezone');
    expect(zones.map((each) => each.getFirstPropertyValue('tzid')).sort()).toEqual([
      'Custom/Zone',
      'Europe/Paris',
      'W. Europe Standard Time',
    ]);
    expect(zones.every((each) => each.getAllSubcomponents().length > 0)).toBe(true);
  });

  it('keeps an unknown TZID', () => {
    const mailed = copy({
      calendar: calendar('REQUEST', event({ DTSTART: 'DTSTART;TZID=Moon/Sea:20261103T100000', DTEND: null })),
    });
    expect(lines(mailed, 'DTSTART')).toEqual(['DTSTART;TZID=Moon/Sea:20261103T100000']);
    expect(mailed).not.toContain('VTIMEZONE');
  });

  it('adds required properties that are missing', () => {
    const bare = [
      'BEGIN:VCALENDAR',
      'METHOD:REQUEST',
      'BEGIN:VEVENT',
      ...event(),
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\n');
    const mailed = copy({ calendar: `\uFEFF${bare}` });
    expect(
      mailed.startsWith('BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//imip-gateway//EN\r\nMETHOD:REQUEST\r\n'),
    ).toBe(true);
  });

  it('removes the other guests if guests must not see each other', () => {
    const mailed = copy({ guestList: false }).replace(/\r\n[ \t]/g, '');
    expect(mailed.match(/^ATTENDEE.*$/gm)).toEqual([
      expect.stringContaining('Alice Martin'),
      expect.stringContaining('bob@example.org'),
    ]);
  });

  it('folds at 75 octets with CRLF, and never within a character', () => {
    const mailed = copy({
      calendar: calendar('REQUEST', event({ SUMMARY: `SUMMARY:${'né 😀 '.repeat(100)}` })).replaceAll('\r\n', '\n'),
    });
    for (const line of mailed.split('\r\n')) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      expect(line).not.toMatch(/[\n\r]|\p{Cs}/u);
    }
    expect(parse(mailed).getFirstSubcomponent('vevent')?.getFirstPropertyValue('summary')).toBe('né 😀 '.repeat(100));
  });

  it('can be parsed by ical.js with any title', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (title) => {
        const escaped = title.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
        const mailed = copy({ calendar: calendar('REQUEST', event({ SUMMARY: `SUMMARY:${escaped}` })) });
        const events = parse(mailed).getAllSubcomponents('vevent');
        expect(events).toHaveLength(1);
        expect(events[0]?.getAllProperties('attendee')).toHaveLength(3);
      }),
    );
  });

  it('states the part, the change and the reason of each rewrite', () => {
    for (const { part, change, reason } of REWRITES)
      expect([part, change, reason].every((text) => text.length > 3)).toBe(true);
  });

  it('refuses a text that is not a calendar', () => {
    expect(() => copy({ calendar: 'hello' })).toThrow(expect.objectContaining({ code: 'calendar-unparseable' }));
  });
});
