import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCalendar, decodeText } from '../../../src/core/message/decode-text.ts';

const SAMPLE = 'BEGIN:VCALENDAR\r\nSUMMARY:Grüße – 東京\r\n';
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('decodeText', () => {
  it.each<[string, Uint8Array, string | null, string]>([
    ['UTF-8 as labelled', Buffer.from(SAMPLE), 'utf-8', SAMPLE],
    ['UTF-8 without label', Buffer.from(SAMPLE), null, SAMPLE],
    ['UTF-8 labelled us-ascii', Buffer.from(SAMPLE), 'us-ascii', SAMPLE],
    ['UTF-8 labelled iso-8859-1', Buffer.from(SAMPLE), 'iso-8859-1', SAMPLE],
    ['UTF-8 labelled windows-1256', Buffer.from(SAMPLE), 'windows-1256', SAMPLE],
    ['UTF-8 labelled utf-16', Buffer.from(SAMPLE), 'UTF-16', SAMPLE],
    ['UTF-8 with an unknown label', Buffer.from(SAMPLE), 'iso-4444-5', SAMPLE],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${SAMPLE}`), 'utf-8', SAMPLE],
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${SAMPLE}`, 'utf16le'), 'utf-16', SAMPLE],
    ['big-endian UTF-16 with a byte order mark', utf16be(`\ufeff${SAMPLE}`), 'utf-16', SAMPLE],
    ['UTF-16 without a byte order mark', Buffer.from(SAMPLE, 'utf16le'), null, SAMPLE],
    ['big-endian UTF-16 without a byte order mark', utf16be(SAMPLE), 'utf-8', SAMPLE],
    ['latin-1 as labelled', Buffer.from('Grüße', 'latin1'), 'iso-8859-1', 'Grüße'],
    ['latin-1 without label', Buffer.from('Grüße', 'latin1'), null, 'Grüße'],
    ['UTF-8 with a broken octet', Buffer.from([0xc3, 0xbc, 0xff]), 'utf-8', 'ü\ufffd'],
    ['windows-1251', Buffer.from([0xcf, 0xf0, 0xe8]), 'windows-1251', 'При'],
    ['GB2312 that is also valid UTF-8', Buffer.from([0xc1, 0xaa, 0xcd, 0xa8]), 'gb2312', '联通'],
    ['ISO-2022-JP', Buffer.from('\x1b$BEl5~\x1b(B', 'latin1'), 'iso-2022-jp', '東京'],
    ['no octets', new Uint8Array(), null, ''],
  ])('%s', (_, octets, label, expected) => expect(decodeText(octets, label)).toBe(expected));

  it('never throws', () => {
    const labels = fc.oneof(fc.constantFrom('utf-8', 'gbk', 'utf-16', 'x', '\0', 'iso-2022-kr'), fc.string());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), labels, (octets, label) => {
        expect(typeof decodeText(octets, label)).toBe('string');
      }),
    );
  });
});

describe('decodeCalendar', () => {
  const octets = (...parts: string[]): Buffer => Buffer.from(parts.join(''), 'latin1');
  it.each<[string, Uint8Array, string | null, string]>([
    ['a character of UTF-8 with a fold inside', octets('N:Gr\xc3\r\n \xbc\xc3\n\t\x9fe\r\n'), 'utf-8', 'N:Grüße\r\n'],
    ['the same without label', octets('N:Gr\xc3\r\n \xbc\xc3\x9fe\r\n'), null, 'N:Grüße\r\n'],
    ['an emoji in four lines', octets('N:\xf0\r\n \x9f\r\n \x8e\r\n \x89\r\n'), 'utf-8', 'N:🎉\r\n'],
    ['latin-1', octets('N:Gr\xfc\r\n \xdfe\r\n'), 'iso-8859-1', 'N:Grüße\r\n'],
    ['Shift_JIS', octets('N:\x93\r\n \x8c\x8b\x9e\r\n'), 'shift_jis', 'N:東京\r\n'],
    ['GB2312', octets('N:\xc1\r\n \xaa\xcd\xa8\r\n'), 'gb2312', 'N:联通\r\n'],
    ['ISO-2022-JP', octets('N:\x1b$BE\r\n l5~\x1b(B\r\n'), 'iso-2022-jp', 'N:東京\r\n'],
  ])('%s', (_, raw, label, expected) => expect(decodeCalendar(raw, label)).toBe(expected));

  it('keeps UTF-16 as it is: folds are between characters, and U+200A is not a fold', () => {
    const text = 'SUMMARY:Gr\r\n üße\u200A\r\n';
    expect(decodeCalendar(Buffer.from(text, 'utf16le'), null)).toBe(text);
  });
});
