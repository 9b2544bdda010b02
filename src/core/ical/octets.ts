// Converts octets to text and back without loss. In: octets; out: text, and back. Valid UTF-8 is decoded as usual; each other
// octet becomes a lone low surrogate (U+DC80 to U+DCFF), which valid text cannot contain. So an event with a Latin-1 SUMMARY, or
// with lines that are folded within a character, can be changed as text without changing other octets. It refuses nothing.
import { isUtf8 } from 'node:buffer';

const ESCAPE_BASE = 0xdc00;
/** The look-behind excludes a low surrogate after a high one, because the pair is one valid character. */
const ESCAPED = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/;
const ESCAPED_RUNS = /((?:(?<![\uD800-\uDBFF])[\uDC80-\uDCFF])+)/;

/** Decodes octets. An octet that is not UTF-8 becomes a lone low surrogate. */
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

/** Encodes text. It is the inverse of `textOfOctets`. */
export function octetsOfText(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  const parts = text.split(ESCAPED_RUNS);
  return Buffer.concat(
    parts.map((part, at) =>
      at % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from([...part].map((char) => char.charCodeAt(0) - ESCAPE_BASE)),
    ),
  );
}

/** Decodes a character whose octets are adjacent again after unfolding. */
export function joinOctets(text: string): string {
  return ESCAPED.test(text) ? textOfOctets(octetsOfText(text)) : text;
}

/** Returns valid Unicode for display and storage, with U+FFFD for each octet that is not valid UTF-8. */
export function displayText(text: string): string {
  return ESCAPED.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
}

/** Returns the length of the UTF-8 character at this offset in octets, 0 if it is invalid (RFC 3629 §4). */
function characterLength(octets: Buffer, at: number): number {
  const first = octets[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  return length > 0 && at + length <= octets.length && isUtf8(octets.subarray(at, at + length)) ? length : 0;
}
