// Octets as text and back without loss. Text that is valid UTF-8 reads as usual; each octet that is not becomes one lone
// low surrogate (U+DC80 to U+DCFF), which no valid text contains. So an event whose SUMMARY is Latin-1, or whose lines are
// folded inside a character, can be edited as text and keeps every other octet.
import { isUtf8 } from 'node:buffer';

const ESCAPE_BASE = 0xdc00;
/** A low surrogate after a high one is half of a valid character. */
const ESCAPED = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/;
const ESCAPED_RUNS = /((?:(?<![\uD800-\uDBFF])[\uDC80-\uDCFF])+)/;

export function textOfOctets(octets: Uint8Array): string {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  const parts: string[] = [];
  let valid = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(buffer.toString('utf8', valid, at), String.fromCharCode(ESCAPE_BASE + (buffer[at] ?? 0)));
    at += 1;
    valid = at;
  }
  parts.push(buffer.toString('utf8', valid));
  return parts.join('');
}

export function octetsOfText(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  const parts = text.split(ESCAPED_RUNS);
  return Buffer.concat(
    parts.map((part, at) =>
      at % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from([...part].map((char) => char.charCodeAt(0) - ESCAPE_BASE)),
    ),
  );
}

/** After unfolding, octets of one character may stand beside each other again: they are read as that character. */
export function joinOctets(text: string): string {
  return ESCAPED.test(text) ? textOfOctets(octetsOfText(text)) : text;
}

/** For people and for storage as Unicode: U+FFFD for each octet that is not valid UTF-8. */
export function displayText(text: string): string {
  return ESCAPED.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
}

/** Octets of the valid UTF-8 character at that place; 0: there is none (RFC 3629 §4). */
function characterLength(octets: Buffer, at: number): number {
  const first = octets[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  return length > 0 && at + length <= octets.length && isUtf8(octets.subarray(at, at + length)) ? length : 0;
}
