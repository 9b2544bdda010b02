// Reads header fields and their values: parameters, encoded words, addresses and dates. In: octets or a value; out: the
// parsed value. It refuses nothing and never throws: it accepts separators other than `;`, single and double quotes, and raw
// 8-bit text.
import addressparser from 'nodemailer/lib/addressparser';
import { decodeText } from './decode-text.ts';
import type { MailAddress } from './types.ts';

export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded; encoded words are not decoded. */
  readonly value: string;
}

/** Reads the fields of a header. Raw 8-bit text is decoded as UTF-8 or windows-1252. */
export function readFields(octets: Uint8Array): HeaderField[] {
  return fieldsIn(decodeText(octets, null));
}

/** Skips lines without a field name, such as mbox's `From ` and broken folds. */
export function fieldsIn(text: string): HeaderField[] {
  const unfolded = text.replace(/\r?\n(?=[ \t])/g, '');
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    return colon > 0 && !/\s/.test(name) ? [{ name, value: line.slice(colon + 1).trim() }] : [];
  });
}

/** Returns a parameter of Content-Type or Content-Disposition without its quotes, null if it is missing or empty. */
export function readParameter(value: string, name: string): string | null {
  const match = new RegExp(`[\\s;,]${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s;,]*))`, 'i').exec(value);
  return (match?.[1] ?? match?.[2] ?? match?.[3])?.trim() || null;
}

/**
 * Returns the parameter `filename` or `name`, or ''. Decodes the continuations and percent-encoding of RFC 2231, and the
 * encoded words of RFC 2047, which many clients use here.
 */
export function readFilename(disposition: string, contentType: string): string {
  return decodeWords(joinPieces(disposition, 'filename') || joinPieces(contentType, 'name')).slice(0, 255);
}

function joinPieces(value: string, name: string): string {
  const pattern = new RegExp(`[\\s;]${name}(?:\\*\\d{1,3})?(\\*?)\\s*=\\s*(?:"([^"]*)"|([^\\s;]*))`, 'gi');
  return [...value.matchAll(pattern)]
    .map(([, encoded, quoted, bare]) =>
      encoded === '*' ? decodePercents(quoted ?? bare ?? '') : (quoted ?? bare ?? ''),
    )
    .join('');
}

function decodePercents(text: string): string {
  const value = text.replace(/^[\w-]*'[\w-]*'/, '');
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * Decodes encoded words (RFC 2047) and removes the white space between two of them. Other text is unchanged. Control
 * characters become spaces, because an encoded word may contain line breaks and the text may be written into a header.
 */
export function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(
      /=\?([\w.:+-]{1,40})(?:\*[\w-]{1,20})?\?([BQ])\?([^?\s]{0,2000})\?=/gi,
      (_, charset: string, encoding: string, text: string) =>
        decodeText(encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : decodeQ(text), charset),
    )
    .replace(/\p{Cc}+/gu, ' ');
}

function decodeQ(text: string): Buffer {
  const octets = text
    .replaceAll('_', ' ')
    .replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

/** The characters of an address field that are parsed. The sender of an answer never needs more. */
const MAX_ADDRESS_FIELD = 32 * 1024;

/** RFC 5321 §4.5.3.1: 64 octets, an @ and 255 octets. */
const MAX_ADDRESS_OCTETS = 320;

/** Flattens groups. Decodes only names, because an encoded word is not allowed in an address (RFC 2047 §5). */
export function readAddresses(value: string): MailAddress[] {
  const addresses = addressparser(value.slice(0, MAX_ADDRESS_FIELD), { flatten: true });
  return addresses
    .filter(({ address }) => address && Buffer.byteLength(address) <= MAX_ADDRESS_OCTETS)
    .map(({ name, address }) => ({ name: decodeWords(name).trim(), address }));
}

/**
 * Reads a Date (RFC 5322 §3.3) and returns milliseconds since 1970, null if it is invalid. A Date without a zone is read as
 * UTC, so that the result does not depend on the time zone of this machine.
 */
export function readDate(value: string): number | null {
  const bare = value.replace(/\([\s\S]*$/, '').trim(); // without a comment, such as the zone's name
  const zoned = /([+-]\d{4}|\b[A-Z]{1,4})$/i.test(bare);
  const time = Date.parse(zoned ? bare : `${bare} UTC`);
  return Number.isNaN(time) ? null : time;
}
