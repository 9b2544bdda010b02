// Identifiers of records, tasks and addresses: 26 characters of [a-z2-7], in the order of their time. They go into mail
// addresses, so they keep to letters that no server folds or strips.
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';

/** In the order in which characters sort, so that identifiers sort by time. */
const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const randomSize = 10;

/** `now` in milliseconds since 1970; `random` at least 10 bytes. */
export function newId(now: number, random: Uint8Array): string {
  if (random.length < randomSize) throw new GatewayError('internal', 'an identifier needs 10 random bytes');
  const bytes = Buffer.from(random.buffer, random.byteOffset, randomSize);
  return encode(Math.floor(now), 10) + encode(bytes.readUIntBE(0, 5), 8) + encode(bytes.readUIntBE(5, 5), 8);
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

function encode(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text;
  return text;
}
