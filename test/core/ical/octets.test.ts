// Conversion of octets to text and back: it loses nothing, and decodes valid UTF-8 as usual.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayText, joinOctets, octetsOfText, textOfOctets } from '../../../src/core/ical/octets.ts';

describe('octets', () => {
  it('are the same after conversion to text and back', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => Buffer.from(text)),
      // Truncated characters, overlong forms, surrogates, and the last code points.
      fc
        .constantFrom(
          'c3',
          'c3a9',
          'f09f98',
          'f09f9880',
          'c080',
          'e08080',
          'eda080',
          'edb280',
          'f48fbfbf',
          'f4908080',
          'ff',
        )
        .map((hex) => Buffer.from(hex, 'hex')),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const octets = Buffer.concat(parts);
        expect(octetsOfText(textOfOctets(octets)).equals(octets)).toBe(true);
      }),
    );
  });

  it('are decoded as UTF-8 if they are valid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textOfOctets(Buffer.from(text))).toBe(text);
        expect(octetsOfText(text).equals(Buffer.from(text))).toBe(true);
      }),
    );
  });

  it('are joined to a character when they are adjacent', () => {
    const [left, right] = [Buffer.from([0x61, 0xc3]), Buffer.from([0xa9, 0x62])].map(textOfOctets);
    expect(joinOctets(`${left}${right}`)).toBe('aéb');
  });

  it('are displayed as U+FFFD if they are invalid', () => {
    expect(displayText(textOfOctets(Buffer.from([0x41, 0xfc, 0x42])))).toBe('A\uFFFDB');
  });
});
