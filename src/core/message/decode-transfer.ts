// Undoes a Content-Transfer-Encoding (RFC 2045). In: a part's body as transferred; out: at most `limit` decoded octets.
// It does not read more of the body than it needs for them. It refuses nothing: it skips or keeps invalid characters.

/** `encoding` is the value of Content-Transfer-Encoding, in any case, with or without a comment. */
export function decodeTransfer(body: Uint8Array, encoding: string, limit: number): Buffer {
  const octets = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const name = /^[\s"]*([\w-]*)/.exec(encoding)?.[1]?.toLowerCase();
  if (name === 'quoted-printable') return decodeQuotedPrintable(octets, limit);
  // Some mail gateways decode a calendar but leave the label at base64.
  if (name === 'base64' && !/^\s*BEGIN:VCALENDAR/i.test(octets.toString('latin1', 0, 40)))
    return decodeBase64(octets, limit);
  return octets.subarray(0, limit);
}

function decodeBase64(octets: Buffer, limit: number): Buffer {
  // Base64 needs 4 characters for 3 octets; the rest of the factor allows for line breaks.
  const text = octets.toString('latin1', 0, Math.min(octets.length, limit * 3 + 100));
  return Buffer.from(text, 'base64').subarray(0, limit);
}

const EQUALS = 0x3d;
const LF = 0x0a;
const CR = 0x0d;

function decodeQuotedPrintable(octets: Buffer, limit: number): Buffer {
  const decoded = Buffer.alloc(Math.min(octets.length, limit));
  let length = 0;
  for (let at = 0; at < octets.length && length < limit; at++) {
    const octet = octets[at] ?? 0;
    const value = octet === EQUALS ? hexValue(octets, at + 1) : octet;
    if (octet === EQUALS && value === -1) {
      const skip = softBreak(octets, at + 1);
      if (skip > 0) {
        at += skip;
        continue;
      }
    }
    decoded[length++] = value === -1 ? octet : value;
    if (octet === EQUALS && value !== -1) at += 2;
  }
  return decoded.subarray(0, length);
}

/** Returns the octet that two hexadecimal digits encode, or -1 if they are not digits. */
function hexValue(octets: Buffer, at: number): number {
  const high = hexDigit(octets[at]);
  const low = hexDigit(octets[at + 1]);
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(octet = 0): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * Returns the number of octets after `=` that belong to a soft line break (RFC 2045 §6.7), 0 if there is none. Some mail
 * systems add white space before the line break.
 */
function softBreak(octets: Buffer, at: number): number {
  let end = at;
  while (end - at < 100 && (octets[end] === 0x20 || octets[end] === 0x09)) end++;
  if (end >= octets.length) return end - at || 1;
  if (octets[end] === LF) return end + 1 - at;
  return octets[end] === CR && octets[end + 1] === LF ? end + 2 - at : 0;
}
