// Parsing of GATEWAY_SECRETS, and that each purpose has its own key.
import { describe, expect, it } from 'vitest';
import { deriveKey, findKey, parseKeyRing } from '../../../src/core/signing/keys.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');

describe('parseKeyRing', () => {
  it('reads the keys in order, with or without spaces, in base64 or base64url', () => {
    const url = Buffer.alloc(33, 0xff).toString('base64url');
    const ring = parseKeyRing(` 2026a:${SECRET}, old:${url}`);
    expect(ring.map((key) => [key.kid, key.secret.length])).toEqual([
      ['2026a', 32],
      ['old', 33],
    ]);
    expect(findKey(ring, 'old')).toBe(ring[1]);
    expect(findKey(ring, 'none')).toBeNull();
  });

  it.each([
    ['an empty text', '', /kid:base64/],
    ['no kid', SECRET, /kid:base64/],
    ['an upper-case kid', `A:${SECRET}`, /kid:base64/],
    ['a kid of nine characters', `abcdefghi:${SECRET}`, /kid:base64/],
    ['a trailing comma', `a:${SECRET},`, /kid:base64/],
    ['invalid base64', 'a:not base64!', /"a" is not base64/],
    ['a short secret', `a:${Buffer.alloc(31).toString('base64')}`, /"a" has 31 bytes, but needs 32/],
    ['a kid used twice', `a:${SECRET},a:${SECRET}`, /same kid/],
  ])('refuses %s with a helpful message that shows no secret', (_, text, message) => {
    const refused = () => parseKeyRing(text);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(message) }),
    );
    expect(refused).toThrow(/imip-gateway secret/);
    expect(refused).not.toThrow(SECRET);
  });
});

describe('deriveKey', () => {
  const [key] = parseKeyRing(`a:${SECRET}`);

  it('returns 32 bytes, the same each time', () => {
    expect(deriveKey(key, 'rsvp-token')).toHaveLength(32);
    expect(deriveKey(key, 'rsvp-token')).toEqual(deriveKey(key, 'rsvp-token'));
  });

  it('returns another key for each purpose', () => {
    const purposes = ['reply-id', 'reply-address', 'bounce-address', 'rsvp-token', 'decision-token'] as const;
    const derived = new Set(purposes.map((purpose) => Buffer.from(deriveKey(key, purpose)).toString('hex')));
    expect(derived.size).toBe(purposes.length);
  });
});
