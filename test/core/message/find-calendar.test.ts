import { describe, expect, it } from 'vitest';
import { findCalendars, isTnef } from '../../../src/core/message/find-calendar.ts';
import type { MailPart, ReadMail } from '../../../src/core/message/read-mail.ts';

const ICS = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n';
const part = (fields: Partial<MailPart>): MailPart => ({
  type: 'text/calendar',
  charset: null,
  method: null,
  filename: '',
  content: (limit) => Buffer.from(ICS).subarray(0, limit),
  number: '1',
  parentType: 'multipart/mixed',
  fields: [],
  header: new Uint8Array(),
  body: new Uint8Array(),
  ...fields,
});
const contentOf = (text: string) => () => Buffer.from(text);
const find = (parts: MailPart[]) => {
  const facts = {} as ReadMail['facts'];
  return findCalendars({ hasHeader: true, facts, fields: () => [], parts }, 1000).map(({ source }) => source);
};

describe('findCalendars', () => {
  it.each(['text/calendar', 'application/ics', 'application/ical', 'text/x-vcalendar', 'application/x-ical'])(
    'finds a calendar by its type %s',
    (type) => expect(find([part({ type })])).toEqual([`${type} in multipart/mixed (part 1)`]),
  );

  it.each(['reply.ics', 'REPLY.ICS', 'x.ical', 'old.vcs'])('finds a calendar by its file name %s', (filename) =>
    expect(find([part({ type: 'application/octet-stream', filename })])).toEqual([
      `application/octet-stream "${filename}" in multipart/mixed (part 1)`,
    ]),
  );

  it('finds a calendar by its first line', () => {
    expect(find([part({ type: 'application/pdf', number: null, parentType: null })])).toEqual(['application/pdf']);
    expect(find([part({ type: 'application/pdf', content: contentOf('%PDF-1.7') })])).toEqual([]);
  });

  it('ignores attached messages, jCal and winmail.dat', () => {
    expect(find([part({ type: 'message/rfc822' }), part({ type: 'application/ms-tnef' })])).toEqual([]);
    expect(find([part({ type: 'application/calendar+json', content: contentOf('["vcalendar"]') })])).toEqual([]);
  });

  it('returns parts with a calendar type before those found by name', () => {
    const named = part({ type: 'application/octet-stream', filename: 'a.ics' });
    expect(find([named, part({ number: '2' })])).toEqual([
      'text/calendar in multipart/mixed (part 2)',
      'application/octet-stream "a.ics" in multipart/mixed (part 1)',
    ]);
  });

  it('finds a calendar in a text part only if the text begins with it', () => {
    expect(find([part({ type: 'text/plain' })])).toEqual(['text/plain in multipart/mixed (part 1)']);
    expect(find([part({ type: 'text/plain', content: contentOf(`Hello,\r\n${ICS}`) })])).toEqual([]);
  });

  it("finds a calendar in a part's header, from BEGIN to END", () => {
    const fields = [{ name: 'begin', value: 'VCALENDAR' }];
    const header = (text: string) => part({ fields, header: Buffer.from(text), content: contentOf('') });
    expect(find([header(`${ICS}Content-Type: text/calendar`)])).toEqual(["a part's header"]);
    expect(find([header('BEGIN:VCALENDAR\r\nContent-Type: text/calendar')])).toEqual([]);
    expect(find([part({ header: Buffer.from(ICS), content: contentOf('') })])).toEqual([]);
  });

  it('counts the octets of the part, with the folds that decoding removes', () => {
    const folded = Buffer.from(`BEGIN:VCALENDAR${'\r\n x'.repeat(300)}\r\n`);
    const mail = { hasHeader: true, facts: {} as ReadMail['facts'], fields: () => [] };
    const parts = [part({ content: (limit) => folded.subarray(0, limit) })];
    const [calendar] = findCalendars({ ...mail, parts }, 1000);
    expect(calendar?.octets).toBe(1001);
    expect(calendar?.text.length).toBeLessThan(500);
  });

  it('returns at most eight calendars, and stops when together they exceed the limit', () => {
    expect(find(Array.from({ length: 20 }, () => part({})))).toHaveLength(8);
    expect(find(Array.from({ length: 8 }, () => part({ content: contentOf(ICS.repeat(20)) })))).toHaveLength(2);
  });
});

describe('isTnef', () => {
  it.each([
    ['application/ms-tnef', '', true],
    ['application/vnd.ms-tnef', '', true],
    ['application/octet-stream', 'winmail.dat', true],
    ['application/octet-stream', 'WINMAIL.DAT', true],
    ['application/octet-stream', 'my-winmail.dat', false],
  ])('%s %s', (type, filename, expected) => expect(isTnef(part({ type, filename }))).toBe(expected));
});
