import { describe, expect, it } from 'vitest';
import {
  ContentLine,
  escapeText,
  foldText,
  joinLines,
  lineEndOf,
  makeLine,
  splitLines,
  unescapeText,
  validText,
  withoutParams,
  withParam,
  withQuotedParams,
  withValue,
} from '../../../src/core/ical/content-lines.ts';
import { textOfOctets } from '../../../src/core/ical/octets.ts';
import { withoutControls } from '../../../src/core/ical/parameters.ts';
import { longText } from '../../harness/long-text.ts';

const line = (raw: string) => new ContentLine(raw);

describe('splitLines', () => {
  it.each([
    ['CRLF', 'A:1\r\nB:2\r\n', ['A:1', 'B:2']],
    ['LF', 'A:1\nB:2\n', ['A:1', 'B:2']],
    ['CR alone', 'A:1\rB:2\r', ['A:1', 'B:2']],
    ['CR doubled by a text-mode copy', 'A:1\r\r\nB:2\r\r\n', ['A:1', 'B:2']],
    ['a last line without line end', 'A:1\r\nB:2', ['A:1', 'B:2']],
    ['a fold with a space', 'A:1\r\n 2\r\nB:3\r\n', ['A:12', 'B:3']],
    ['a fold with a tab', 'A:1\r\n\t2\nB:3', ['A:12', 'B:3']],
    ['a fold with CR only', 'A:1\r 2\rB:3', ['A:12', 'B:3']],
    ['a fold inside a name', 'ATTEN\r\n DEE:x', ['ATTENDEE:x']],
    ['blank lines', 'A:1\r\n\r\nB:2', ['A:1', '', 'B:2']],
    ['a byte order mark', '\uFEFFA:1\r\nB:2', ['A:1', 'B:2']],
    ['a CR inside a line', 'A:1\r2\r\nB:3', ['A:1\r2', 'B:3']],
    ['nothing', '', []],
  ])('reads %s and keeps every byte', (_, text, expected) => {
    const lines = splitLines(text);
    expect(lines.map((each) => each.text)).toEqual(expected);
    expect(joinLines(lines)).toBe(text);
  });
});

describe('ContentLine', () => {
  it.each([
    ['at its end', `X:${longText('\r')}\n`, ''],
    ['in its value', `X:${longText('\r')}y\n`, `${longText('\r')}y`],
    ['before a fold', `X:${longText('\r')}\n y\n`, 'y'],
  ])('is parsed in linear time with a long run of CRs %s', (_, raw, value) => {
    expect(line(raw).value).toBe(value);
    expect(lineEndOf(line(raw))).toMatch(/^\r*\n$/);
  });

  it('reads name, parameters and value', () => {
    const attendee = line(
      'attendee;Cn="Miller, Bob";ROLE=REQ_PARTICIPANT;MEMBER="mailto:a@b.test","mailto:c@d.test":MAILTO:bob@example.com\r\n',
    );
    expect(attendee.name).toBe('ATTENDEE');
    expect(attendee.param('CN')).toBe('Miller, Bob');
    expect(attendee.param('ROLE')).toBe('REQ_PARTICIPANT');
    expect(attendee.paramValues('MEMBER')).toEqual(['mailto:a@b.test', 'mailto:c@d.test']);
    expect(attendee.param('PARTSTAT')).toBeNull();
    expect(attendee.value).toBe('MAILTO:bob@example.com');
  });

  it('decodes RFC 6868 carets', () => {
    expect(line("X;CN=a^nb^'c^^d^e:v").param('CN')).toBe('a\nb"c^d^e');
  });

  it.each([
    ['a quote that is not closed', 'ATTENDEE;CN="Bob:mailto:bob@example.com', 'mailto:bob@example.com'],
    [
      'an unquoted address',
      'ORGANIZER;SENT-BY=mailto:eve@example.com:mailto:bob@example.com',
      'mailto:bob@example.com',
    ],
    ['an empty parameter', 'ATTENDEE;;CN=B:mailto:bob@example.com', 'mailto:bob@example.com'],
    ['a parameter without value', 'ATTENDEE;RSVP:mailto:bob@example.com', 'mailto:bob@example.com'],
    ['text after a closing quote', 'ATTENDEE;CN="B"ob:mailto:bob@example.com', 'mailto:bob@example.com'],
  ])('finds the value after %s', (_, raw, value) => {
    expect(line(raw).value).toBe(value);
  });

  it.each([
    ['a colon, unquoted', 'ATTENDEE;CN=Sales: Bob;X=1:mailto:b@x.test', 'Sales: Bob'],
    ['a colon and a quote that is never closed', 'ATTENDEE;CN="Sales: Bob;X=1:mailto:b@x.test', '"Sales: Bob'],
    ['quotes', 'ATTENDEE;CN="Ida "East; West" Falk";X=1:mailto:b@x.test', 'Ida "East; West" Falk'],
    ['escaped quotes', 'ATTENDEE;CN="Ida (\\"East; West\\")";X=1:mailto:b@x.test', 'Ida ("East; West")'],
    ['an escaped quote before a comma', 'ATTENDEE;CN="\\"Ida\\", Paris";X=1:mailto:b@x.test', '"Ida", Paris'],
    ['a backslash at its end', 'ATTENDEE;CN="C:\\dir\\";X=1:mailto:b@x.test', 'C:\\dir\\'],
    ['a comma, unquoted', 'ATTENDEE;CN=Martin, Alice;X=1:mailto:b@x.test', 'Martin, Alice'],
    ['semicolons, unquoted', 'ATTENDEE;CN=Martin; Alice;Sales;RSVP;X=1:mailto:b@x.test', 'Martin; Alice;Sales'],
  ])('reads parameters around one with %s', (_, raw, cn) => {
    const read = line(raw);
    expect([read.param('CN'), read.param('X'), read.value]).toEqual([cn, '1', 'mailto:b@x.test']);
  });

  it.each([
    ['SUMMARY;LANGUAGE=en:write to:mailto:b@x.test', 'write to:mailto:b@x.test'],
    ['ATTENDEE;CN="a:mailto:c@x.test":/principals/b', '/principals/b'],
  ])('finds the value at the first colon outside of quotes: %s', (raw, value) => {
    expect(line(raw).value).toBe(value);
  });

  it.each([
    ['quotes that never close', `ATTENDEE${longText(';A="x')}:v`],
    ['escaped quotes that never close', `ATTENDEE${longText(';A="\\"x\\"')}:v`],
    ['colons', `ATTENDEE;CN=${longText(':mailto:')}`],
    ['quotes and spaces', `ATTENDEE;CN=${longText('"   ')}:v`],
  ])('takes time proportional to the length with many %s', (_, raw) => {
    expect(line(raw).params.length).toBeGreaterThan(0);
  });

  it('reads the parameter of an unquoted address', () => {
    const organizer = line('ORGANIZER;SENT-BY=mailto:eve@example.com:mailto:bob@example.com');
    expect(organizer.param('SENT-BY')).toBe('mailto:eve@example.com');
  });

  it.each(['', 'see you there', 'Best regards, Bob: bye', ':x', ';X=1:y', 'NAME'])('has no name for %j', (raw) => {
    expect(line(raw).name).toBe('');
  });
});

describe('withParam', () => {
  it.each([
    [
      'adds a parameter after the others',
      'ATTENDEE;CN=Bob:mailto:b@x.test\r\n',
      'ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:b@x.test\r\n',
    ],
    ['adds the first parameter', 'attendee:mailto:b@x.test\n', 'attendee;PARTSTAT=ACCEPTED:mailto:b@x.test\n'],
    [
      'keeps the position and the case of the name',
      'ATTENDEE;partStat=declined;CN=B:x\r\n',
      'ATTENDEE;partStat=ACCEPTED;CN=B:x\r\n',
    ],
    ['keeps quotes', 'ATTENDEE;PARTSTAT="DECLINED":x\r\n', 'ATTENDEE;PARTSTAT="ACCEPTED":x\r\n'],
    ['adds a value to a parameter without one', 'ATTENDEE;PARTSTAT:x\r\n', 'ATTENDEE;PARTSTAT=ACCEPTED:x\r\n'],
    [
      'sets all parameters with this name',
      'ATTENDEE;PARTSTAT=A;PARTSTAT=B:x\r\n',
      'ATTENDEE;PARTSTAT=ACCEPTED;PARTSTAT=ACCEPTED:x\r\n',
    ],
    ['keeps the byte order mark', '\uFEFFATTENDEE:x\r\n', '\uFEFFATTENDEE;PARTSTAT=ACCEPTED:x\r\n'],
    [
      'keeps the encoding of other parameters',
      'ATTENDEE;CN="a^\'b":x\r\n',
      'ATTENDEE;CN="a^\'b";PARTSTAT=ACCEPTED:x\r\n',
    ],
  ])('%s', (_, before, after) => {
    expect(withParam(line(before), 'PARTSTAT', 'ACCEPTED').raw).toBe(after);
  });

  it('removes a parameter', () => {
    expect(withParam(line('A;X=1;Y=2:v\r\n'), 'X', null).raw).toBe('A;Y=2:v\r\n');
    const untouched = line('A;Y=2:v\r\n');
    expect(withParam(untouched, 'X', null)).toBe(untouched);
  });

  it('quotes and encodes values if necessary', () => {
    const made = withParam(line('A:v\r\n'), 'CN', 'Bob "B", x^y\n');
    expect(made.raw).toBe('A;CN="Bob ^\'B^\', x^^y^n":v\r\n');
    expect(made.param('CN')).toBe('Bob "B", x^y\n');
  });
});

it.each([
  ['A;X-1=a;KEEP=b;X-2="c":d\r\n', 'A;KEEP=b:d\r\n'],
  ['A;X-1=a;X-1=b:d\n', 'A:d\n'],
  ['A:d\n', 'A:d\n'],
])('withoutParams removes parameters by name from %j', (raw, expected) => {
  expect(withoutParams(new ContentLine(raw), (name) => name.startsWith('X-')).raw).toBe(expected);
});

it('withoutControls removes all control characters except HTAB', () => {
  expect(withoutControls('a\tb\0c\rd\ne\u007Ff')).toBe('a\tbcdef');
});

describe('writing lines', () => {
  it('folds at 75 octets and never within a character', () => {
    const text = `SUMMARY:${'é'.repeat(50)}${'😀'.repeat(40)}${'a'.repeat(80)}`;
    const folded = foldText(text);
    for (const physical of folded.split('\r\n')) expect(Buffer.byteLength(physical)).toBeLessThanOrEqual(75);
    expect(line(folded).text).toBe(text);
    expect(folded).not.toContain('\uFFFD');
    expect(Buffer.from(folded).toString()).toBe(folded);
  });

  it('writes no line break from a value or parameter', () => {
    expect(makeLine('X', [['CN', 'a\r\nB:c']], 'd\r\nE:f').raw).toBe('X;CN="a^nB:c":d E:f\r\n');
    expect(withValue(line('X;Y=1:old\n'), 'new\nZ:1').raw).toBe('X;Y=1:new Z:1\n');
  });

  it('encodes and decodes TEXT', () => {
    const text = 'a\\b;c,d\ne';
    expect(escapeText(text)).toBe('a\\\\b\\;c\\,d\\ne');
    expect(unescapeText(escapeText(text))).toBe(text);
    expect(unescapeText('a\\Nb\\x')).toBe('a\nb\\x');
  });

  it.each([
    ['A:1\r\n', '\r\n'],
    ['A:1\n', '\n'],
    ['A:1\r\r\n', '\r\r\n'],
    ['A:1', '\r\n'],
  ])('returns the line end of %j', (raw, end) => {
    expect(lineEndOf(line(raw))).toBe(end);
  });
});

describe('validText', () => {
  it.each([
    ['keeps valid text as it is', 'A:\xc3\xa9\r\n x\r\n', 'A:é\r\n x\r\n'],
    ['joins a character around a fold', 'A:b\xc3\r\n \xa9c\r\nB:1\r\n', 'A:béc\r\nB:1\r\n'],
    ['keeps the folds of other lines', 'A:\xc3\r\n \xa9\r\nB:\r\n 1\r\n', 'A:é\r\nB:\r\n 1\r\n'],
    ['shows U+FFFD for other octets', 'A:B\xfcro\r\n', 'A:B\uFFFDro\r\n'],
  ])('%s', (_, octets, expected) => {
    expect(validText(textOfOctets(Buffer.from(octets, 'latin1')))).toBe(expected);
  });
});

describe('withQuotedParams', () => {
  it.each([
    ['CN=Martin, Alice;ROLE=CHAIR', 'CN="Martin, Alice";ROLE=CHAIR'],
    ['cn=Martin; Alice: Sales;RSVP=TRUE', 'cn="Martin; Alice: Sales";RSVP=TRUE'],
    ['CN="Martin, Alice"', 'CN="Martin, Alice"'],
    ['CN="Alice "Al" Martin"', 'CN="Alice ^\'Al^\' Martin"'],
    ['CN=Alice Martin;RSVP', 'CN=Alice Martin;RSVP'],
    ['DELEGATED-TO="mailto:a@x.test","mailto:c@x.test"', 'DELEGATED-TO="mailto:a@x.test","mailto:c@x.test"'],
    ['SENT-BY=mailto:a@x.test', 'SENT-BY="mailto:a@x.test"'],
    ['X-LIST=a,b', 'X-LIST=a,b'],
  ])('%s', (written, expected) => {
    expect(withQuotedParams(line(`ATTENDEE;${written}:mailto:b@x.test\r\n`)).raw).toBe(
      `ATTENDEE;${expected}:mailto:b@x.test\r\n`,
    );
  });
});
