import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipText } from '../../../src/core/ical/clip-text.ts';

it('returns a text within the limit as it is', () => {
  expect(clipText('abc', 3)).toBe('abc');
});

it.each([
  ['abcd', 3, 'ab…'],
  ['ab  cd', 5, 'ab…'],
  ['a😀b', 3, 'a…'],
  ['😀😀', 3, '😀…'],
  ['e\u0301e\u0301', 3, 'e\u0301…'],
  ['🇫🇷🇫🇷🇫🇷', 11, '🇫🇷🇫🇷…'],
  // A cluster of more than a hundred marks is cut between code points.
  [`a${'\u0301'.repeat(300)}`, 200, `a${'\u0301'.repeat(198)}…`],
  ['👨‍👩‍👧‍👦', 2, '…'],
])('cuts %j to %i', (text, limit, expected) => {
  expect(clipText(text, limit)).toBe(expected);
});

it('keeps whole clusters of any text, within the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 3 })),
      fc.integer({ min: 1, max: 50 }),
      (parts, limit) => {
        const text = parts.join('');
        const cut = clipText(text, limit);
        expect(cut.length).toBeLessThanOrEqual(Math.max(limit, 1));
        if (cut === text) return;
        const kept = cut.slice(0, -1);
        const boundaries = [...new Intl.Segmenter('en').segment(text)].map(({ index }) => index);
        // Spaces before the ellipsis are removed.
        const spaces = /^\s*/.exec(text.slice(kept.length))?.[0].length ?? 0;
        const cuts = Array.from({ length: spaces + 1 }, (_, more) => kept.length + more);
        expect(cuts.some((at) => boundaries.includes(at))).toBe(true);
      },
    ),
  );
});
