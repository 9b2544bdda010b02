import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTransfer } from '../../../src/core/message/decode-transfer.ts';
import { longText } from '../../harness/long-text.ts';

const decode = (body: string, encoding: string, limit = 1000): string =>
  decodeTransfer(Buffer.from(body, 'latin1'), encoding, limit).toString('latin1');

function encode(octets: Uint8Array): string {
  const written = [...octets].map(
    (octet, at) => `=${octet.toString(16).padStart(2, '0')}${at % 20 === 19 ? '=\r\n' : ''}`,
  );
  return written.join('');
}

describe('decodeTransfer', () => {
  it.each([
    ['7bit', 'a=20b', 'a=20b'],
    ['', 'a=20b', 'a=20b'],
    ['x-unknown', 'YQ==', 'YQ=='],
    ['quoted-printable', 'a=20b', 'a b'],
    ['Quoted-Printable (by hand)', 'a=3d=3D', 'a=='],
    ['"quoted-printable"', '=41', 'A'],
    ['quoted-printable', 'soft=\r\nbreak=\nand=  \r\nmore', 'softbreakandmore'],
    ['quoted-printable', 'ends with soft=', 'ends with soft'],
    ['quoted-printable', 'not =zz hex, =4', 'not =zz hex, =4'],
    ['quoted-printable', 'raw \xfc stays', 'raw \xfc stays'],
    ['quoted-printable', 'line=0D=0Aend', 'line\r\nend'],
    ['base64', 'YWJj\r\nZGVm', 'abcdef'],
    ['BASE64', 'YQ', 'a'],
    ['base64', 'Y*W!Jj', 'abc'],
    ['base64', '\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR', '\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR'],
    ['base64', '', ''],
  ])('%s: %j', (encoding, body, expected) => expect(decode(body, encoding)).toBe(expected));

  it.each(['7bit', 'base64', 'quoted-printable'])('%s: returns no more octets than the limit', (encoding) => {
    expect(decode('QUJD\r\n'.repeat(1000), encoding, 10)).toHaveLength(10);
  });

  it('is the inverse of encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(decodeTransfer(Buffer.from(encode(octets)), 'quoted-printable', 1000)).toEqual(Buffer.from(octets));
        const base64 = Buffer.from(octets).toString('base64').replace(/.{60}/g, '$&\r\n');
        expect(decodeTransfer(Buffer.from(base64), 'base64', 1000)).toEqual(Buffer.from(octets));
      }),
    );
  });

  it.each([' ', '=', '= ', '=\t', '=4'])('decodes many %j in linear time', (piece) => {
    const text = longText(piece);
    expect(decode(text, 'quoted-printable', text.length).length).toBeLessThanOrEqual(text.length);
  });
});
