// Parses GATEWAY_SECRETS and derives keys. In: the setting; out: a key ring, and for each key one derived key per purpose, so
// that a signature for one purpose is not valid for another. It refuses kids that do not fit into an address, and short
// secrets.
import { hkdfSync } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import type { Key, KeyRing } from './types.ts';

const MIN_SECRET_BYTES = 32;

export type KeyPurpose = 'reply-id' | 'reply-address' | 'bounce-address' | 'rsvp-token' | 'decision-token';

/**
 * Parses `kid:base64,kid:base64,…`. The first key signs, all keys verify.
 *
 * @throws GatewayError `config-invalid`, with the kid but not the secret in its message
 */
export function parseKeyRing(text: string): KeyRing {
  const [first, ...others] = text.split(',').map((entry) => parseKey(entry.trim()));
  if (first === undefined) throw invalid('it has no key');
  const ring: KeyRing = [first, ...others];
  const kids = new Set(ring.map((key) => key.kid));
  if (kids.size < ring.length) throw invalid('two keys have the same kid');
  return ring;
}

/** A cache, because a mail door may check a thousand guessed addresses per second. */
const derivedKeys = new WeakMap<Key, Map<KeyPurpose, Uint8Array>>();

/** Returns 32 bytes for one purpose (HKDF, RFC 5869). The bytes of the key itself are never used to sign. */
export function deriveKey(key: Key, purpose: KeyPurpose): Uint8Array {
  const known = derivedKeys.get(key) ?? new Map<KeyPurpose, Uint8Array>();
  derivedKeys.set(key, known);
  const bytes = known.get(purpose) ?? new Uint8Array(hkdfSync('sha256', key.secret, '', `imip-gateway ${purpose}`, 32));
  known.set(purpose, bytes);
  return bytes;
}

/** Returns the key with this kid, or null. */
export function findKey(ring: KeyRing, kid: string): Key | null {
  return ring.find((key) => key.kid === kid) ?? null;
}

function parseKey(entry: string): Key {
  const colon = entry.indexOf(':');
  const kid = entry.slice(0, Math.max(colon, 0));
  if (!/^[a-z0-9]{1,8}$/.test(kid)) {
    throw invalid('each key must be kid:base64, with 1 to 8 characters of a-z and 0-9 as kid');
  }
  const base64 = entry.slice(colon + 1);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) throw invalid(`the secret of key "${kid}" is not base64`);
  const secret = Buffer.from(base64, 'base64');
  if (secret.length < MIN_SECRET_BYTES) {
    throw invalid(`the secret of key "${kid}" has ${secret.length} bytes, but needs ${MIN_SECRET_BYTES}`);
  }
  return { kid, secret: new Uint8Array(secret) };
}

function invalid(problem: string): GatewayError {
  return new GatewayError('config-invalid', `${problem} ("imip-gateway secret" generates a key)`);
}
