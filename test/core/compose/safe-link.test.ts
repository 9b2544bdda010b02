import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLinks, safeLink } from '../../../src/core/compose/safe-link.ts';
import { longText } from '../../harness/long-text.ts';

describe('safeLink', () => {
  it.each([
    ['https://meet.example.com/a?b=c#d', 'https://meet.example.com/a?b=c#d'],
    ['HTTPS://EXAMPLE.COM', 'https://example.com/'],
    ['tel:+3315555', 'tel:+3315555'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    ['javascript:alert(1)', null],
    ['JaVaScRiPt:alert(1)', null],
    ['java\tscript:alert(1)', null],
    [' \u0001javascript:alert(1)', null],
    ['data:text/html,<script>', null],
    ['vbscript:x', null],
    ['file:///etc/passwd', null],
    ['https://bank.example@evil.example/', null],
    ['https://example.com/\u202Egnp', null],
    ['//example.com/', null],
    ['example.com', null],
    ['https://', null],
    [`https://example.com/${'a'.repeat(3000)}`, null],
  ])('%j → %j', (text, expected) => {
    expect(safeLink(text)).toBe(expected);
  });

  it('returns an internationalized host as A-labels', () => {
    expect(safeLink('https://ex\u0430mple.com/')).toBe('https://xn--exmple-4nf.com/');
  });
});

describe('findLinks', () => {
  it.each([
    ['see https://example.com/a.', ['https://example.com/a']],
    ['(https://example.com/a_(b))', ['https://example.com/a_(b)']],
    ['<https://example.com/x>, tel:+33155!', ['https://example.com/x', 'tel:+33155']],
    ['javascript:alert(1) xhttps://no', []],
    ['"https://example.com/"onclick=', ['https://example.com/']],
    ['https://a@b/ none', []],
  ])('%j', (line, expected) => {
    const pieces = findLinks(line);
    expect(pieces.flatMap((piece) => piece.href ?? [])).toEqual(expected);
    expect(pieces.map((piece) => piece.text).join('')).toBe(line);
  });

  it('keeps the whole text of any line, and links only to the four schemes', () => {
    const noise = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('https://', 'javascript:', 'mailto:', '.', ')', '(', '@', 'example.com')),
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const line = parts.join('');
        const pieces = findLinks(line);
        expect(pieces.map((piece) => piece.text).join('')).toBe(line);
        for (const { href } of pieces) expect(href ?? 'https:').toMatch(/^(?:https?|mailto|tel):/);
      }),
    );
  });

  it('takes linear time for a hostile line', () => {
    const line = `https://${longText('a.')} ${longText('(')}https://x${longText(')')}`;
    expect(
      findLinks(line)
        .map(({ text }) => text)
        .join(''),
    ).toBe(line);
  });
});
