// Writes and reads the local part of reply and bounce addresses: `<tag><kid>-<id>-<mac>`. In: a key and an id, or an address;
// out: the local part, or the id. It uses lower-case base32, because mail systems change the case, and no `+`, because
// Outlook.com removes what follows one. With the longest kid it has the 64 octets that RFC 5321 §4.5.3.1.1 allows. It refuses
// (null) an invalid signature.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type KeyPurpose, deriveKey, findKey } from './keys.ts';
import type { Key, KeyRing } from './types.ts';

export type AddressTag = 'r1' | 'b1';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SIGNED = /^([rb]1)([a-z0-9]{1,8})-([a-z2-7]{26})-([a-z2-7]{26})$/;

/** Returns 128 bits of an HMAC as 26 characters of base32. */
export function keyedHash(key: Key, purpose: KeyPurpose, text: string): string {
  return base32(createHmac('sha256', deriveKey(key, purpose)).update(text).digest().subarray(0, 16));
}

/** `id` is 26 characters of base32. */
export function signLocalPart(key: Key, tag: AddressTag, purpose: KeyPurpose, id: string): string {
  return `${tag}${key.kid}-${id}-${keyedHash(key, purpose, id)}`;
}

/** Returns the kid and id if a key of the ring signed the address for this tag and domain, else null. */
export function readSignedAddress(
  ring: KeyRing,
  tag: AddressTag,
  purpose: KeyPurpose,
  address: string,
  domain: string,
): { kid: string; id: string } | null {
  const at = address.lastIndexOf('@');
  if (at < 0 || address.slice(at + 1).toLowerCase() !== domain.toLowerCase()) return null;
  const [, writtenTag, kid = '', id = '', mac = ''] = SIGNED.exec(address.slice(0, at).toLowerCase()) ?? [];
  const key = findKey(ring, kid);
  if (writtenTag !== tag || key === null) return null;
  const expected = keyedHash(key, purpose, id);
  return timingSafeEqual(Buffer.from(mac), Buffer.from(expected)) ? { kid, id } : null;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}
