// Reply addresses: the same for the same pair, another for each other pair, and valid after a key rotation.
import { describe, expect, it } from 'vitest';
import { readReplyAddress, replyAddress } from '../../../src/core/signing/reply-address.ts';
import type { Key, KeyRing } from '../../../src/core/signing/types.ts';

const key = (kid: string, byte: number): Key => ({ kid, secret: new Uint8Array(32).fill(byte) });
const address = (name: string) => ({ key: `mailto:${name}@example.com`, asWritten: `${name}@example.com` });

const OLD: KeyRing = [key('a', 1)];
const ROTATED: KeyRing = [key('b', 2), key('a', 1)];
const ALICE_BOB = { organizer: address('alice'), attendee: address('bob') };

describe('replyAddress', () => {
  it('returns the same address for the same pair, and another for each pair and direction', () => {
    const made = replyAddress(OLD, ALICE_BOB, 'RSVP.example.com');
    expect(made).toEqual(replyAddress(OLD, ALICE_BOB, 'rsvp.example.com'));
    expect(made.address).toMatch(/^r1a-[a-z2-7]{26}-[a-z2-7]{26}@rsvp\.example\.com$/);
    const others = [
      replyAddress(OLD, { organizer: address('bob'), attendee: address('alice') }, 'rsvp.example.com'),
      replyAddress(OLD, { organizer: address('alice'), attendee: address('carol') }, 'rsvp.example.com'),
      replyAddress(ROTATED, ALICE_BOB, 'rsvp.example.com'),
    ];
    expect(new Set([made, ...others].map(({ id }) => id)).size).toBe(4);
  });

  it('depends on the keys of the addresses only', () => {
    const written = { ...ALICE_BOB, attendee: { key: 'mailto:bob@example.com', asWritten: 'Bob@Example.com' } };
    expect(replyAddress(OLD, written, 'rsvp.example.com')).toEqual(replyAddress(OLD, ALICE_BOB, 'rsvp.example.com'));
  });
});

describe('readReplyAddress', () => {
  it('returns the id for the signing key and for older keys', () => {
    for (const ring of [OLD, ROTATED]) {
      const made = replyAddress(OLD, ALICE_BOB, 'rsvp.example.com');
      expect(readReplyAddress(ring, made.address, 'rsvp.example.com')).toEqual({ id: made.id });
    }
  });

  it('refuses a removed key, and a key with the same kid and another secret', () => {
    const { address: text } = replyAddress(OLD, ALICE_BOB, 'rsvp.example.com');
    expect(readReplyAddress([key('b', 2)], text, 'rsvp.example.com')).toBeNull();
    expect(readReplyAddress([key('a', 9)], text, 'rsvp.example.com')).toBeNull();
  });
});
