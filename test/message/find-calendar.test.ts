import { describe, expect, it } from 'vitest';
import { findCalendars, isTnef } from '../../src/message/find-calendar.ts';
import type { MailPart, ReadMail } from '../../src/message/read-mail.ts';

const ICS = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n';
const part = (fields: Partial<MailPart>): MailPart => ({
  type: 'text/calendar',
  charset: null,
  method: null,
  filename: '',
  content: Buffer.from(ICS),
  number: '1',
  calendarInHeader: false,
  ...fields,
});
const find = (parts: MailPart[], text = '', raw = '') => {
  const facts = { text } as ReadMail['facts'];
  return findCalendars({ facts, fields: () => [], parts }, Buffer.from(raw)).map(({ source }) => source);
};

describe('findCalendars', () => {
  it.each(['text/calendar', 'application/ics', 'application/ical', 'text/x-vcalendar', 'application/x-ical'])(
    'by type: %s',
    (type) => expect(find([part({ type })])).toEqual([`${type}, part 1`]),
  );

  it.each(['reply.ics', 'REPLY.ICS', 'x.ical', 'old.vcs'])('by name: %s', (filename) =>
    expect(find([part({ type: 'application/octet-stream', filename })])).toEqual([
      `application/octet-stream "${filename}", part 1`,
    ]),
  );

  it('by its first line', () => {
    expect(find([part({ type: 'application/pdf', number: null })])).toEqual(['application/pdf, the whole mail']);
    expect(find([part({ type: 'application/pdf', content: Buffer.from('%PDF-1.7') })])).toEqual([]);
  });

  it('not within attached messages, jCal or winmail.dat', () => {
    expect(find([part({ type: 'message/rfc822' }), part({ type: 'application/ms-tnef' })])).toEqual([]);
    expect(find([part({ type: 'application/calendar+json', content: Buffer.from('["vcalendar"]') })])).toEqual([]);
  });

  it('those of calendar type before those known by name', () => {
    const named = part({ type: 'application/octet-stream', filename: 'a.ics' });
    expect(find([named, part({ number: '2' })])).toEqual([
      'text/calendar, part 2',
      'application/octet-stream "a.ics", part 1',
    ]);
  });

  it('in the text, if it begins there', () => {
    expect(find([], ICS)).toEqual(['text/plain']);
    expect(find([], `Hello,\r\n${ICS}`)).toEqual([]);
  });

  it("in a part's header, between BEGIN and END", () => {
    const empty = part({ calendarInHeader: true, content: Buffer.alloc(0) });
    expect(find([empty], '', `--b\r\n${ICS}Content-Type: text/calendar\r\n\r\n`)).toEqual(["a part's header"]);
    expect(find([empty], '', '--b\r\nBEGIN:VCALENDAR\r\n\r\n')).toEqual([]);
  });

  it('at most eight', () => expect(find(Array.from({ length: 20 }, () => part({})))).toHaveLength(8));
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
