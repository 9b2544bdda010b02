// Unfolds calendar octets before they are decoded, because old clients fold after exactly 75 octets (RFC 5545 §3.1), even
// within a UTF-8 character or between the two octets of a Japanese one. In: octets in a charset that encodes CR, LF, space and
// tab as ASCII does, so not UTF-16; out: the same octets without folds. It refuses nothing.

export function unfoldOctets(octets: Uint8Array): Buffer {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  // As in splitLines, lines end with CR only if the text has no LF.
  const folds = text.includes('\n') ? /(?<!\r)\r*\n[ \t]/g : /\r[ \t]/g;
  return Buffer.from(text.replace(folds, ''), 'latin1');
}
