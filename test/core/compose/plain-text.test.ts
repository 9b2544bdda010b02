import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayName, plainLine, plainLines } from '../../../src/core/compose/plain-text.ts';

describe('plainLine', () => {
  it.each([
    ['a\r\nBcc: x@evil.example', 'a Bcc: x@evil.example'],
    ['a\u2028b\u0085c\td', 'a b c d'],
    ['\u202Egnp.exe\u202C', 'gnp.exe'],
    ['a\u200B\u2066b\uFEFF\u00AD', 'ab'],
    ['\u0000\u0007bell\u009b', 'bell'],
    ['tag\u{E0041}s', 'tags'],
    ['\uD800half', 'half'],
    ['family 👨‍👩‍👧 stays', 'family 👨‍👩‍👧 stays'],
    ['  two   spaces ', 'two spaces'],
  ])('%j → %j', (text, expected) => {
    expect(plainLine(text)).toBe(expected);
  });

  it('cuts a long text with an ellipsis, and never within a character', () => {
    expect(plainLine('x'.repeat(10_000))).toBe(`${'x'.repeat(299)}…`);
    expect(plainLine('😀'.repeat(10), 4)).toBe('😀…');
  });

  it('keeps at most four combining marks per letter', () => {
    expect(plainLine(`z${'\u0301'.repeat(500)}`).length).toBe(5);
  });

  it('returns no line breaks or control characters for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const line = plainLine(text, 100);
        expect(line.length).toBeLessThanOrEqual(100);
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
        expect(line).not.toMatch(/\p{Cs}/u);
      }),
    );
  });
});

describe('plainLines', () => {
  it('keeps paragraphs, with at most one blank line between them', () => {
    expect(plainLines('a\r\nb  \r\r\r\rc\n\n\n\nd\n')).toBe('a\nb\n\nc\n\nd');
  });

  it('limits the length', () => {
    expect(plainLines('line\n'.repeat(100_000)).length).toBeLessThanOrEqual(8000);
  });
});

describe('displayName', () => {
  it.each([
    ['Alice Martin', 'Alice Martin'],
    ['Ольга Иванова', 'Ольга Иванова'],
    ['Ольга Ivanova', 'Ольга Ivanova'],
    ['山田太郎', '山田太郎'],
    ['', 'someone@example.com'],
    ['\u200B\u202E', 'someone@example.com'],
    // Cyrillic А in a Latin word.
    ['\u0410lice Martin', 'someone@example.com'],
    // Greek omicron in a Latin word.
    ['B\u03BFb', 'someone@example.com'],
    ['ceo@bank.example', 'someone@example.com'],
    // Fullwidth commercial at.
    ['ceo\uFF20bank.example', 'someone@example.com'],
    ['Alice" <ceo@bank.example>', 'someone@example.com'],
  ])('%j is shown as %j', (name, expected) => {
    expect(displayName(name, 'someone@example.com')).toBe(expected);
  });
});
