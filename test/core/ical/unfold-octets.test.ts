import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from '../../../src/core/ical/content-lines.ts';
import { unfoldOctets } from '../../../src/core/ical/unfold-octets.ts';

describe('unfoldOctets', () => {
  it.each([
    ['CRLF and a space', 'a\r\n b', 'ab'],
    ['CRLF and a tab', 'a\r\n\tb', 'ab'],
    ['LF', 'a\n b', 'ab'],
    ['CR, if there is no LF', 'a\r b', 'ab'],
    ['CR CR LF', 'a\r\r\n b', 'ab'],
    ['only one of two spaces', 'a\r\n  b', 'a b'],
    ['a fold without text', 'a\r\n \r\n b', 'ab'],
    ['not a line end', 'a\r\nb', 'a\r\nb'],
    ['not CR and a space in a text with LF', 'a\r b\n', 'a\r b\n'],
  ])('removes %s', (_, folded, expected) => {
    expect(unfoldOctets(Buffer.from(folded)).toString()).toBe(expected);
  });

  it('removes folds at any position', () => {
    const folds = fc.constantFrom('\r\n ', '\r\n\t', '\n ', '\r\r\n ');
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/[\p{Cc}]/gu, ''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(60)), folds, (text, places, fold) => {
        const octets = Buffer.from(`SUMMARY:${text}`);
        const cuts = [...new Set(places.map((at) => 8 + at))].filter((at) => at < octets.length).sort((a, b) => a - b);
        const pieces = [0, ...cuts].map((from, at) => octets.subarray(from, cuts[at]));
        const folded = Buffer.from(`${pieces.map((piece) => piece.toString('latin1')).join(fold)}\r\n`, 'latin1');
        const unfolded = unfoldOctets(folded).toString();
        expect(unfolded).toBe(`SUMMARY:${text}\r\n`);
        expect(splitLines(unfolded).map(({ value }) => value)).toEqual([text]);
      }),
    );
  });
});
