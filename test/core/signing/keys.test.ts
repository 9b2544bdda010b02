// GATEWAY_SECRETS: what is read, what is refused, and that purposes never share a key.
import { describe, expect, it } from 'vitest';
import { derive, findKey, parseKeyRing } from '../../../src/core/signing/keys.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');

describe('parseKeyRing', () => {
  it('reads the keys in order, with or without spaces, in either base64', () => {
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
    ['nothing', '', /kid:base64/],
    ['no kid', SECRET, /kid:base64/],
    ['an upper-case kid', `A:${SECRET}`, /kid:base64/],
    ['a kid of nine', `abcdefghi:${SECRET}`, /kid:base64/],
    ['a trailing comma', `a:${SECRET},`, /kid:base64/],
    ['no base64', 'a:not base64!', /"a" is not base64/],
    ['a short secret', `a:${Buffer.alloc(31).toString('base64')}`, /"a" has 31 bytes, 32 are needed/],
    ['a name used twice', `a:${SECRET},a:${SECRET}`, /same name/],
  ])('refuses %s, says what to do and shows no secret', (_, text, message) => {
    const refused = () => parseKeyRing(text);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(message) }),
    );
    expect(refused).toThrow(/imip-gateway secret/);
    expect(refused).not.toThrow(SECRET);
  });
});

describe('derive', () => {
  const [key] = parseKeyRing(`a:${SECRET}`);

  it('gives 32 bytes, the same each time', () => {
    expect(derive(key, 'rsvp-token')).toHaveLength(32);
    expect(derive(key, 'rsvp-token')).toEqual(derive(key, 'rsvp-token'));
  });

  it('gives every purpose its own', () => {
    const purposes = ['reply-id', 'reply-address', 'bounce-address', 'rsvp-token', 'decision-token'] as const;
    const derived = new Set(purposes.map((purpose) => Buffer.from(derive(key, purpose)).toString('hex')));
    expect(derived.size).toBe(purposes.length);
  });
});
