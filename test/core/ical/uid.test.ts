// The limits of a UID: its length and its characters.
import { describe, expect, it } from 'vitest';
import { isUid } from '../../../src/core/ical/uid.ts';

describe('isUid', () => {
  it.each([
    ['event-1@example.com', true],
    ['7F0A {x} — ü', true],
    ['é'.repeat(500), true],
    ['é'.repeat(501), false],
    ['', false],
    ['a\u001fb', false],
    ['a\nb', false],
    ['a\0', false],
  ])('%j: %s', (text, expected) => {
    expect(isUid(text)).toBe(expected);
  });
});
