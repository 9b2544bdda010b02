// Makes identifiers for records, tasks and addresses. In: the time; out: 26 characters of [a-z2-7] that sort by time. They
// are part of mail addresses, so they contain only characters that no mail server changes. It refuses too few random bytes.
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';

/** In sorting order, so that identifiers sort by time. */
const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const randomSize = 10;

/** @param now milliseconds since 1970. @param random at least 10 bytes. */
export function newId(now: number, random: Uint8Array): string {
  if (random.length < randomSize) throw new GatewayError('internal', 'an identifier needs 10 random bytes');
  const bytes = Buffer.from(random.buffer, random.byteOffset, randomSize);
  return encode(Math.floor(now), 10) + encode(bytes.readUIntBE(0, 5), 8) + encode(bytes.readUIntBE(5, 5), 8);
}

/** Returns a function that makes identifiers and fetches random bytes in large batches, which is faster. */
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
