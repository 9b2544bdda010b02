// Octets of a text part and the charset its header claims in, text out. Never refuses: charsets that do not exist, lie or
// are missing are common (Yahoo says us-ascii and sends UTF-8, Outlook.com says windows-1256 of empty text).

/** Decodes by what the octets show first and the label says second; a byte order mark is dropped. */
export function decodeText(octets: Uint8Array, label: string | null): string {
  const utf16 = detectUtf16(octets);
  if (utf16 !== null) return new TextDecoder(utf16).decode(octets);
  const charset = (label ?? '').trim().toLowerCase();
  return (
    // In these a sequence can be UTF-8 by accident, or is 7-bit: the label goes first, if it fits without a fault.
    (MULTI_OCTET.test(charset) ? tryDecode(octets, charset, true) : null) ??
    tryDecode(octets, 'utf-8', true) ??
    tryDecode(octets, charset, false) ??
    new TextDecoder('windows-1252').decode(octets)
  );
}

const MULTI_OCTET = /^(gb|big5|euc-|cp9|ks_c|shift|sjis|iso-2022|x-gbk|hz-)/;

function detectUtf16(octets: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [first, second, third, fourth] = octets;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // `B\0E\0`: UTF-16 without a mark, whatever the label says.
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be';
  return null;
}

function tryDecode(octets: Uint8Array, charset: string, fatal: boolean): string | null {
  // "utf-16" without NULs among the first octets is no UTF-16: some Android mailers say so of UTF-8.
  if (charset === '' || charset.startsWith('utf-16')) return null;
  try {
    return new TextDecoder(charset, { fatal }).decode(octets);
  } catch {
    return null;
  }
}
