// Decodes the octets of a text part or a calendar. In: octets and the charset from its header; out: text. It refuses nothing, because
// missing, unknown and wrong charsets are common (Yahoo declares us-ascii and sends UTF-8; Outlook.com declares
// windows-1256 for empty text).

import { unfoldOctets } from '../ical/unfold-octets.ts';

/** Does the same as `decodeText` for a calendar, and removes its folds. A fold may be within a character. */
export function decodeCalendar(octets: Uint8Array, label: string | null): string {
  return decodeText(detectUtf16(octets) === null ? unfoldOctets(octets) : octets, label);
}

/** Detects UTF-16 and UTF-8 from the octets, else uses the label, else windows-1252. Drops a byte order mark. */
export function decodeText(octets: Uint8Array, label: string | null): string {
  const utf16 = detectUtf16(octets);
  if (utf16 !== null) return new TextDecoder(utf16).decode(octets);
  const charset = (label ?? '').trim().toLowerCase();
  return (
    // Text in these charsets may also be valid UTF-8, so the label comes first if it decodes without errors.
    (MULTI_OCTET_CHARSET.test(charset) ? tryDecode(octets, charset, true) : null) ??
    tryDecode(octets, 'utf-8', true) ??
    tryDecode(octets, charset, false) ??
    new TextDecoder('windows-1252').decode(octets)
  );
}

const MULTI_OCTET_CHARSET = /^(gb|big5|euc-|cp9|ks_c|shift|sjis|iso-2022|x-gbk|hz-)/;

function detectUtf16(octets: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [first, second, third, fourth] = octets;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // `B\0E\0` or `\0B\0E`: UTF-16 without a byte order mark.
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be';
  return null;
}

function tryDecode(octets: Uint8Array, charset: string, fatal: boolean): string | null {
  // Without NULs among the first octets it is not UTF-16: some Android mailers label UTF-8 as utf-16.
  if (charset === '' || charset.startsWith('utf-16')) return null;
  try {
    return new TextDecoder(charset, { fatal }).decode(octets);
  } catch {
    return null;
  }
}
