// The octets of a header in, its fields out; and what fields say: parameters, encoded words, addresses, dates. Lenient:
// separators other than `;`, quotes of both kinds and raw 8-bit text are all seen. Nothing here throws.
import addressparser from 'nodemailer/lib/addressparser';
import { decodeText } from './decode-text.ts';
import type { MailAddress } from './types.ts';

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded; encoded words as they were. */
  readonly value: string;
}

/** Lines without a colon are passed over (mbox `From `, broken folds). */
export function readFields(octets: Uint8Array): HeaderField[] {
  const unfolded = decodeText(octets, null).replace(/\r?\n(?=[ \t])/g, '');
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    return colon > 0 && !/\s/.test(name) ? [{ name, value: line.slice(colon + 1).trim() }] : [];
  });
}

/** A parameter of Content-Type or Content-Disposition, without quotes; null where there is none. */
export function readParameter(value: string, name: string): string | null {
  const match = new RegExp(`[\\s;,]${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s;,]*))`, 'i').exec(value);
  return (match?.[1] ?? match?.[2] ?? match?.[3])?.trim() || null;
}

/** `filename` or `name`, with RFC 2231's continuations and percent-encoding, and RFC 2047's words, which are common there. */
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
 * RFC 2047 encoded words; white space between two of them goes. What is no encoded word stays as it is. Control characters,
 * which an encoded word may smuggle in, become spaces: the text may stand in a header again.
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

/** More than that in one field is no sender of an answer. */
const LONGEST_ADDRESS_FIELD = 32 * 1024;

/** RFC 5321 §4.5.3.1: 64 octets, an @ and 255 octets. */
const LONGEST_ADDRESS = 320;

/** Groups are flattened. Only names are decoded: an encoded word is never an address (RFC 2047 §5). */
export function readAddresses(value: string): MailAddress[] {
  const addresses = addressparser(value.slice(0, LONGEST_ADDRESS_FIELD), { flatten: true });
  return addresses
    .filter(({ address }) => address && Buffer.byteLength(address) <= LONGEST_ADDRESS)
    .map(({ name, address }) => ({ name: decodeWords(name).trim(), address }));
}

/** RFC 5322 §3.3, milliseconds; a Date without zone is read as UTC, since this machine's own zone says nothing about it. */
export function readDate(value: string): number | null {
  const bare = value.replace(/\([\s\S]*$/, '').trim(); // a comment, such as the zone's name, ends it
  const zoned = /([+-]\d{4}|\b[A-Z]{1,4})$/i.test(bare);
  const time = Date.parse(zoned ? bare : `${bare} UTC`);
  return Number.isNaN(time) ? null : time;
}
