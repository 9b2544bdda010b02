// The common form of reply and bounce addresses.
import { createHmac } from 'node:crypto';
import { assert, constantFrom, nat, pre, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../../src/core/signing/keys.ts';
import { keyedHash, readSignedAddress, signLocalPart } from '../../../src/core/signing/signed-local-part.ts';
import type { KeyRing } from '../../../src/core/signing/types.ts';

const RING: KeyRing = [{ kid: 'longest8', secret: new Uint8Array(32).fill(1) }];
const ID = 'a'.repeat(26);

describe('keyedHash', () => {
  it('returns the first 16 bytes of an HMAC in base32', () => {
    const bytes = createHmac('sha256', deriveKey(RING[0], 'reply-id')).update('x').digest().subarray(0, 16);
    let bits = '';
    for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
    const expected = (bits.padEnd(130, '0').match(/.{5}/g) ?? [])
      .map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group, 2)])
      .join('');
    expect(keyedHash(RING[0], 'reply-id', 'x')).toBe(expected);
  });
});

describe('signLocalPart', () => {
  it('returns at most 64 octets of [a-z0-9-]', () => {
    const local = signLocalPart(RING[0], 'r1', 'reply-address', ID);
    expect(local).toHaveLength(64);
    expect(local).toMatch(/^[a-z0-9-]+$/);
  });
});

describe('readSignedAddress', () => {
  const local = signLocalPart(RING[0], 'r1', 'reply-address', ID);
  const read = (address: string) => readSignedAddress(RING, 'r1', 'reply-address', address, 'rsvp.example.com');

  it('reads a signed address, in any case', () => {
    expect(read(`${local}@rsvp.example.com`)).toEqual({ kid: 'longest8', id: ID });
    expect(read(`${local.toUpperCase()}@RSVP.Example.COM`)).toEqual({ kid: 'longest8', id: ID });
  });

  it.each([
    ['another domain', `${local}@example.com`],
    ['no domain', local],
    ['a subdomain', `${local}@a.rsvp.example.com`],
    ['another kid', `${local.replace('longest8', 'other')}@rsvp.example.com`],
    ['another tag', `${local.replace('r1', 'b1')}@rsvp.example.com`],
    ['an appended extension', `${local}+x@rsvp.example.com`],
    ['an empty address', ''],
  ])('refuses %s', (_, address) => {
    expect(read(address)).toBeNull();
  });

  it('refuses an address with any one character changed', () => {
    assert(
      property(nat(local.length - 1), constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-=+. é\0'), (at, other) => {
        pre(local[at] !== other);
        expect(read(`${local.slice(0, at)}${other}${local.slice(at + 1)}@rsvp.example.com`)).toBeNull();
      }),
    );
  });

  it('refuses a MAC for the other tag', () => {
    const bounce = signLocalPart(RING[0], 'b1', 'bounce-address', ID);
    expect(read(`${bounce.replace('b1', 'r1')}@rsvp.example.com`)).toBeNull();
  });

  it('refuses other text without throwing', () => {
    assert(
      property(string(), (text) => {
        expect(read(`${text}@rsvp.example.com`)).toBeNull();
      }),
    );
  });
});
