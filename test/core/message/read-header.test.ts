import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeWords,
  readAddresses,
  readDate,
  readFields,
  readFilename,
  readParameter,
} from '../../../src/core/message/read-header.ts';
import { longText } from '../../harness/long-text.ts';

describe('readFields', () => {
  it('unfolds fields, lower-cases names, and keeps order and repeated fields', () => {
    const header = 'From: a@example.com\r\nSUBJECT : one\r\n\ttwo\nfrom:b@example.com\r\n';
    expect(readFields(Buffer.from(header))).toEqual([
      { name: 'from', value: 'a@example.com' },
      { name: 'subject', value: 'one\ttwo' },
      { name: 'from', value: 'b@example.com' },
    ]);
  });

  it('skips lines that are not fields', () => {
    expect(readFields(Buffer.from('From bob Mon Nov  2\n\n: x\nno colon\n folded\nA B: x\nX:\n'))).toEqual([
      { name: 'x', value: '' },
    ]);
  });

  it('reads raw 8-bit text', () => {
    expect(readFields(Buffer.from('Subject: Grüße'))[0]?.value).toBe('Grüße');
    expect(readFields(Buffer.from('Subject: Grüße', 'latin1'))[0]?.value).toBe('Grüße');
  });
});

describe('readParameter', () => {
  it.each([
    ['text/calendar; method=REPLY; charset=utf-8', 'REPLY'],
    ['text/calendar; METHOD="Reply"', 'Reply'],
    ["text/calendar;method='REPLY';charset='utf-8'", 'REPLY'],
    ['text/calendar method=REPLY charset=utf-8', 'REPLY'],
    ['text/calendar, method=REPLY, charset=utf-8', 'REPLY'],
    ['text/calendar;;method = REPLY ;charset=utf-8;', 'REPLY'],
    ['text/calendar; x-method=REQUEST; method=REPLY', 'REPLY'],
    ['text/calendar; method=', null],
    ['text/calendar', null],
    ['method=REPLY', null],
  ])('%s', (value, method) => expect(readParameter(value, 'method')).toBe(method));
});

describe('readFilename', () => {
  it.each([
    ['attachment; filename=invite.ics', '', 'invite.ics'],
    ['attachment; filename="a b.ics"', 'text/calendar; name=c.ics', 'a b.ics'],
    ['attachment', 'text/calendar; name="c.ics"', 'c.ics'],
    ["attachment; filename*=utf-8''Einladung%20%C3%BC.ics", '', 'Einladung ü.ics'],
    ["attachment; filename*0*=utf-8''Einl%C3%A4; filename*1=dung.ics", '', 'Einlädung.ics'],
    ['attachment; filename="=?utf-8?Q?Einl=C3=A4dung.ics?="', '', 'Einlädung.ics'],
    ["attachment; filename*=utf-8''%zz.ics", '', '%zz.ics'],
    ['attachment', 'text/calendar', ''],
  ])('%s | %s', (disposition, contentType, expected) => expect(readFilename(disposition, contentType)).toBe(expected));
});

describe('decodeWords', () => {
  it.each([
    ['plain', 'plain'],
    ['=?utf-8?Q?J=C3=B6rg_M=2E?= x', 'Jörg M. x'],
    ['=?UTF-8?b?SsO2cmc=?=', 'Jörg'],
    ['=?utf-8?Q?a?= =?utf-8?Q?b?=  =?utf-8?Q?c?=', 'abc'],
    ['=?iso-8859-1*de?Q?=FC?=', 'ü'],
    ['=?utf-8?X?a?=', '=?utf-8?X?a?='],
    ['=?utf-8?Q?no end', '=?utf-8?Q?no end'],
    ['=?x-unknown?Q?a=C3=BC?=', 'aü'],
    ['=?utf-8?Q?a=0D=0ABcc:_x=00?=', 'a Bcc: x '],
  ])('%s', (value, expected) => expect(decodeWords(value)).toBe(expected));
});

describe('readAddresses', () => {
  it.each([
    ['a@example.com', [['', 'a@example.com']]],
    [
      '"B, C" <b@example.com>, d@example.com (D)',
      [
        ['B, C', 'b@example.com'],
        ['D', 'd@example.com'],
      ],
    ],
    [
      'team: a@example.com, B <b@example.com>;',
      [
        ['', 'a@example.com'],
        ['B', 'b@example.com'],
      ],
    ],
    ['=?utf-8?Q?J=C3=B6rg_=3Cx=40example=2Enet=3E?= <j@example.com>', [['Jörg <x@example.net>', 'j@example.com']]],
    ['MAILER-DAEMON <>', []],
    [`${'a'.repeat(308)}@example.com`, [['', `${'a'.repeat(308)}@example.com`]]],
    [`${'a'.repeat(309)}@example.com`, []],
    ['', []],
  ])('%s', (value, expected) => {
    expect(readAddresses(value).map(({ name, address }) => [name, address])).toEqual(expected);
  });
});

describe('readDate', () => {
  const expected = Date.UTC(2026, 10, 2, 9, 15);
  it.each([
    ['Mon, 02 Nov 2026 09:15:00 +0000', expected],
    ['Mon, 02 Nov 2026 10:15:00 +0100 (CET)', expected],
    ['Mon, 02 Nov 2026 01:15:00 -0800 (PST (Pacific))', expected],
    ['2 Nov 2026 09:15:00 GMT', expected],
    ['Mon, 02 Nov 2026 09:15:00', expected],
    ['yesterday', null],
    ['', null],
  ])('%s', (date, time) => expect(readDate(date)).toBe(time));
});

describe('every function', () => {
  it('takes linear time for hostile text and never throws', () => {
    for (const piece of [
      'a',
      ' ',
      '"',
      '\\',
      '(',
      '<',
      '=?',
      '?=',
      ' =?',
      '=?a?Q?',
      ';a=',
      'name*0=',
      ' filename',
      '\t;',
      'a@b,',
      ':;',
      '%',
      "'",
    ]) {
      const hostile = longText(piece);
      decodeWords(hostile);
      readAddresses(hostile);
      readDate(hostile);
      readParameter(hostile, 'name');
      readFilename(hostile, hostile);
      readFields(Buffer.from(hostile));
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect([readAddresses(text), decodeWords(text), readFilename(text, text)]).toHaveLength(3);
      }),
    );
  });
});
