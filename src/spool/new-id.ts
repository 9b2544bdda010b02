// Identifiers of records, tasks and addresses: 26 characters of [a-z2-7], in the order of their time. They go into mail
// addresses, so they keep to letters that no server folds or strips.
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors.ts';

/** In the order in which characters sort, so that identifiers sort by time. */
const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const timeLength = 10;
const randomLength = 16;
const randomSize = 10;

/** `now` in milliseconds since 1970; `random` at least 10 bytes. */
export function newId(now: number, random: Uint8Array): string {
  if (random.length < randomSize) throw new GatewayError('internal', 'an identifier needs 10 random bytes');
  return encode(BigInt(Math.floor(now)), timeLength) + encode(bigEndian(random.subarray(0, randomSize)), randomLength);
}

/** A maker of identifiers that draws its own randomness. */
export function makeIds(): (now: number) => string {
  let pool = randomBytes(0);
  return (now) => {
    if (pool.length < randomSize) pool = randomBytes(randomSize * 100);
    const random = pool.subarray(0, randomSize);
    pool = pool.subarray(randomSize);
    return newId(now, random);
  };
}

function bigEndian(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function encode(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) text = alphabet[Number(rest & 31n)] + text;
  return text;
}
