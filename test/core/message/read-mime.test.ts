import { simpleParser } from 'mailparser';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { decodeTransfer } from '../../../src/core/message/decode-transfer.ts';
import { lastValue, readMime } from '../../../src/core/message/read-mime.ts';

const read = (text: string, limits = {}) =>
  readMime(Buffer.from(text), { ...MAIL_LIMITS, ...limits }).map(({ type, body, parentType, number }) => [
    number,
    type,
    parentType,
    Buffer.from(body).toString(),
  ]);
const crlf = (...lines: string[]): string => lines.join('\r\n');

describe('readMime', () => {
  it.each([
    ['A: b\r\n\r\nbody\r\n', 'body\r\n'],
    ['A: b\n\nbody', 'body'],
    ['A: b\r\n\r\n', ''],
    ['A: b\r\n', ''],
    ['A: b', ''],
    ['', ''],
    ['\r\nbody', 'body'],
  ])('returns one part for %j', (text, body) => expect(read(text)).toEqual([[null, 'text/plain', null, body]]));

  it('returns the parts with their numbers and the types of their parents', () => {
    const mail = crlf(
      'Content-Type: multipart/mixed; boundary="outer"',
      '',
      'preamble',
      '--outer',
      'Content-Type: multipart/alternative; boundary=inner',
      '',
      '--inner',
      '',
      'one',
      'two',
      '',
      '--inner',
      'Content-Type: text/calendar',
      '',
      'three',
      '--inner--',
      'epilogue',
      '--inner',
      'not a part: already closed',
      '--outer  ',
      'Content-Type: application/ics',
      '',
      'four',
      '',
      '--outer--',
      'epilogue',
    );
    expect(read(mail)).toEqual([
      [null, 'multipart/mixed', null, ''],
      ['1', 'multipart/alternative', 'multipart/mixed', ''],
      ['1.1', 'text/plain', 'multipart/alternative', 'one\r\ntwo\r\n'],
      ['1.2', 'text/calendar', 'multipart/alternative', 'three'],
      ['2', 'application/ics', 'multipart/mixed', 'four\r\n'],
    ]);
  });

  it.each([
    ['a multipart that is not closed', crlf('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'x'), ['x']],
    [
      'an inner multipart that is not closed',
      crlf(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: multipart/mixed; boundary=c',
        '',
        '--c',
        '',
        'x',
        '--b',
        '',
        'y',
        '--b--',
      ),
      ['', 'x', 'y'],
    ],
    [
      'an inner multipart with the same boundary',
      crlf(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        '',
        'x',
        '--b--',
        '--b',
        '',
        'y',
        '--b--',
      ),
      ['', 'x', 'y'],
    ],
    [
      'a line that begins with the boundary but is longer',
      crlf('Content-Type: multipart/mixed; boundary=b', '', '--bb', '--b', '', '--bb', '--b--'),
      ['--bb'],
    ],
    [
      'a header that ends at a delimiter',
      crlf('Content-Type: multipart/mixed; boundary=b', '', '--b', 'X: y', '--b', '', 'z', '--b--'),
      ['', 'z'],
    ],
    ['a multipart without boundary', crlf('Content-Type: multipart/mixed', '', '--b', '', 'x'), []],
    ['an empty boundary', crlf('Content-Type: multipart/mixed; boundary=""', '', '--', '', 'x'), []],
    [
      'a boundary in single quotes',
      crlf("Content-Type: multipart/mixed; boundary='b'", '', "--'b'", '', 'x', "--'b'--"),
      ['x'],
    ],
    ['line ends that are LF only', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n', ['x']],
    [
      'a boundary with spaces',
      crlf('Content-Type: multipart/mixed; boundary="a b"', '', '--a b', '', 'x', '--a b--'),
      ['x'],
    ],
    ['no space before the parameter', crlf('Content-Type: multipart/mixed;boundary=b', '', '--b', '', 'x'), ['x']],
    [
      'a text line of dashes',
      crlf('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'x', '-- ', 'y', '--b--'),
      ['x\r\n-- \r\ny'],
    ],
    [
      'an attached message',
      crlf(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: message/rfc822',
        '',
        'Content-Type: multipart/mixed; boundary=c',
        '',
        '--c',
        '',
        'x',
        '--b--',
      ),
      ['Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx'],
    ],
  ])('%s', (_, mail, bodies) =>
    expect(
      read(mail)
        .slice(1)
        .map(([, , , body]) => body),
    ).toEqual(bodies),
  );

  it('refuses a mail beyond each limit, and names the limit', () => {
    const wide = crlf(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      ...Array.from({ length: 10 }, () => '--b\r\n\r\nx'),
    );
    expect(() => read(wide, { parts: 10 })).toThrow('more than 10 parts');
    expect(read(wide, { parts: 11 })).toHaveLength(11);
    const deep = Array.from(
      { length: 10 },
      (_, at) => `Content-Type: multipart/mixed; boundary=${at}\r\n\r\n--${at}\r\n`,
    ).join('');
    expect(() => read(deep, { depth: 9 })).toThrow('nested deeper than 9');
    expect(read(deep, { depth: 10 })).toHaveLength(11);
    expect(() => read(`A: ${'x'.repeat(100)}`, { partHeaderOctets: 50 })).toThrow('a header exceeds 50 octets');
    expect(() => read(wide, { headerOctets: 30 })).toThrow('its headers exceed 30 octets');
    expect(() => read('A: b', { octets: 3 })).toThrow('larger than 3 octets');
    expect(() => read(`${wide}\r\n--\r\n--\r\n--`, { dashedLines: 12 })).toThrow('look like boundaries');
  });

  // At this size, a quadratic function takes longer than the time limit of a test.
  it.each(['\n', 'x', '-', '\n--', '\n-', '\r\n--b ', ' ', '--b\n\n'])('splits 30 MB of %j in linear time', (piece) => {
    const head = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n';
    const raw = Buffer.concat([Buffer.from(head), Buffer.alloc(30_000_000, piece)]);
    try {
      readMime(raw, MAIL_LIMITS);
    } catch (error) {
      expect(error).toMatchObject({ code: 'mail-unparseable' });
    }
  });
});

describe('compared with mailparser on the fixtures', () => {
  const folder = fileURLToPath(new URL('../../../fixtures/mail/', import.meta.url));
  // mailparser does not find a calendar in a header, and accepts no spaces, commas or single quotes in Content-Type.
  const differing = /james-calendar-in-header|content-type-(?:without|commas)|kmail/;
  const names = readdirSync(folder).filter((file) => file.endsWith('.eml') && !differing.test(file));

  it.each(names)('finds the same parts with the same octets in %s', async (name) => {
    const raw = readFileSync(`${folder}${name}`);
    const options = {
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      keepDeliveryStatus: true,
      ignoreEmbedded: true,
    };
    const { attachments } = await simpleParser(raw, options);
    const parts = readMime(raw, MAIL_LIMITS).filter(({ type }) => !/^(?:multipart\/|text\/(?:plain|html)$)/.test(type));
    expect(
      parts.map(({ number, fields, body }) => [
        number,
        decodeTransfer(body, lastValue(fields, 'content-transfer-encoding'), 1e6).toString('hex'),
      ]),
    ).toEqual(attachments.map(({ partId, content }) => [partId ?? null, content.toString('hex')]));
  });
});
