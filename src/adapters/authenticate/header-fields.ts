// Splits a mail into its top-level header fields and its body. In: the raw mail; out: its fields, and the mail joined again
// without some of them. No mail parser is used, because From must be read exactly as the signature check reads it. It
// refuses a mail whose header or lines are so long that checking it would take too much time.
import addressparser from 'nodemailer/lib/addressparser';
import { addressKey } from '../../core/ical/calendar-address.ts';

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, without the name. */
  readonly value: string;
  /** Including its line ends. */
  readonly raw: Uint8Array;
}

export interface SplitMail {
  readonly fields: readonly HeaderField[];
  /** The empty line and the body. */
  readonly rest: Uint8Array;
}

// No honest mail exceeds these limits. mailauth's time is quadratic in each of them.
const MAX_HEADER_LENGTH = 256 * 1024;
const MAX_HEADER_LINES = 4_000;
const MAX_READ_FIELD_LENGTH = 16 * 1024;
const READ_FIELDS = /^(?:from|sender|reply-to|content-type|dkim-signature|arc-.*|authentication-results)$/;
const MAX_BODY_LINE_LENGTH = 256 * 1024;

/** Returns null if the mail exceeds a limit. */
export function splitHeader(raw: Uint8Array): SplitMail | null {
  const mail = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = mail.indexOf('\r\n\r\n');
  const length = end < 0 ? mail.length : end + 2;
  if (length > MAX_HEADER_LENGTH || hasLongLine(mail.subarray(length))) return null;
  const header = mail.toString('latin1', 0, length);
  if (header.split('\n', MAX_HEADER_LINES + 1).length > MAX_HEADER_LINES) return null;
  const fields = readFields(header);
  return fields.some(isTooLong) ? null : { fields, rest: mail.subarray(length) };
}

function isTooLong({ name, raw }: HeaderField): boolean {
  return raw.length > MAX_READ_FIELD_LENGTH && READ_FIELDS.test(name);
}

function hasLongLine(body: Buffer): boolean {
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf('\n', start);
    const next = end < 0 ? body.length : end + 1;
    if (next - start > MAX_BODY_LINE_LENGTH) return true;
    start = next;
  }
  return false;
}

function readFields(header: string): HeaderField[] {
  const fields: HeaderField[] = [];
  for (const text of header.split(/(?<=\r\n)(?![ \t])/)) {
    const bytes = Buffer.from(text, 'latin1');
    const colon = text.indexOf(':');
    const value = bytes.subarray(colon + 1).toString('utf8');
    fields.push({
      name: colon < 0 ? '' : text.slice(0, colon).trim().toLowerCase(),
      value: value.replaceAll(/\r\n(?=[ \t])/g, '').trim(),
      raw: bytes,
    });
  }
  return fields;
}

/** Returns the bytes of the mail with only these fields. */
export function joinMail({ fields, rest }: SplitMail): Buffer {
  return Buffer.concat([...fields.map(({ raw }) => raw), rest]);
}

export function valuesOf(mail: SplitMail, name: string): string[] {
  return mail.fields.filter((field) => field.name === name).map(({ value }) => value);
}

/** Returns all addresses of all fields of that name, including group members, in lower case with A-labels. */
export function addressesOf(mail: SplitMail, name: string): string[] {
  return valuesOf(mail, name).flatMap((value) =>
    addressparser(value, { flatten: true }).flatMap(({ address = '' }) => (address === '' ? [] : addressKey(address))),
  );
}
