// GATEWAY_SECRETS in, a key ring out; and from each key of it one derived key per purpose, so that a name signed for one
// use is worthless for every other. Refuses kids that would not fit into an address and secrets that could be guessed.
import { hkdfSync } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import type { Key, KeyRing } from './types.ts';

const SHORTEST_SECRET = 32;

export type KeyPurpose = 'reply-id' | 'reply-address' | 'bounce-address' | 'rsvp-token' | 'decision-token';

/**
 * Reads `kid:base64,kid:base64,…`; the first key signs, all verify.
 * Throws GatewayError `config-invalid`, whose message names the kid and never shows a secret.
 */
export function parseKeyRing(text: string): KeyRing {
  const [first, ...others] = text.split(',').map((entry) => parseKey(entry.trim()));
  if (first === undefined) throw invalid('there is no key in it');
  const ring: KeyRing = [first, ...others];
  const kids = new Set(ring.map((key) => key.kid));
  if (kids.size < ring.length) throw invalid('two keys have the same name: give each its own');
  return ring;
}

/** Made once per key and purpose: a door that checks guessed addresses does it a thousand times a second. */
const derived = new WeakMap<Key, Map<KeyPurpose, Uint8Array>>();

/** 32 bytes for one purpose (RFC 5869); the key's own bytes sign nothing. */
export function derive(key: Key, purpose: KeyPurpose): Uint8Array {
  const known = derived.get(key) ?? new Map<KeyPurpose, Uint8Array>();
  derived.set(key, known);
  const bytes = known.get(purpose) ?? new Uint8Array(hkdfSync('sha256', key.secret, '', `imip-gateway ${purpose}`, 32));
  known.set(purpose, bytes);
  return bytes;
}

/** The ring's key of that name, or null. */
export function findKey(ring: KeyRing, kid: string): Key | null {
  return ring.find((key) => key.kid === kid) ?? null;
}

function parseKey(entry: string): Key {
  const colon = entry.indexOf(':');
  const kid = entry.slice(0, Math.max(colon, 0));
  if (!/^[a-z0-9]{1,8}$/.test(kid)) {
    throw invalid('each key is written kid:base64, where kid is 1 to 8 of a-z and 0-9');
  }
  const base64 = entry.slice(colon + 1);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) throw invalid(`the secret of key "${kid}" is not base64`);
  const secret = Buffer.from(base64, 'base64');
  if (secret.length < SHORTEST_SECRET) {
    throw invalid(`the secret of key "${kid}" has ${secret.length} bytes, ${SHORTEST_SECRET} are needed`);
  }
  return { kid, secret: new Uint8Array(secret) };
}

function invalid(what: string): GatewayError {
  return new GatewayError('config-invalid', `${what} ("imip-gateway secret" makes one)`);
}
