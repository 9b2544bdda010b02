// Unfolds calendar octets before they are decoded, because old clients fold after 75 octets wherever that is (RFC 5545 §3.1):
// within a character of UTF-8, or between the two octets of a Japanese one. In: octets in a charset that writes CR, LF, space
// and tab as ASCII does, so not UTF-16; out: the same octets without folds. It refuses nothing.

export function unfoldOctets(octets: Uint8Array): Buffer {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  // As splitLines does: lines end with CR only if the text has no LF.
  const folds = text.includes('\n') ? /(?<!\r)\r*\n[ \t]/g : /\r[ \t]/g;
  return Buffer.from(text.replace(folds, ''), 'latin1');
}
