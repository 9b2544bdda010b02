// The top-level header of a mail as fields, and the mail again with some of them left out. Read here rather than by a mail
// parser, because who a mail is from must be seen exactly as those see it who check the signatures.
import addressparser from 'nodemailer/lib/addressparser';
import { calendarAddress } from '../../core/ical/calendar-address.ts';

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, without the name. */
  readonly value: string;
  /** With its line ends. */
  readonly raw: Uint8Array;
}

export interface SplitMail {
  readonly fields: readonly HeaderField[];
  /** From the empty line on. */
  readonly rest: Uint8Array;
}

// Beyond these no honest mail goes; mailauth's time grows with the square of each.
const LONGEST_HEADER = 256 * 1024;
const MOST_LINES = 4_000;
const LONGEST_FIELD_READ = 16 * 1024;
const FIELDS_READ = /^(?:from|sender|reply-to|content-type|dkim-signature|arc-.*|authentication-results)$/;
const LONGEST_BODY_LINE = 256 * 1024;

/** null where the mail is shaped to keep whoever checks it busy. */
export function splitHeader(raw: Uint8Array): SplitMail | null {
  const mail = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = mail.indexOf('\r\n\r\n');
  const length = end < 0 ? mail.length : end + 2;
  if (length > LONGEST_HEADER || hasLongLine(mail.subarray(length))) return null;
  const header = mail.toString('latin1', 0, length);
  if (header.split('\n', MOST_LINES + 1).length > MOST_LINES) return null;
  const fields = readFields(header);
  return fields.some(isTooLong) ? null : { fields, rest: mail.subarray(length) };
}

function isTooLong({ name, raw }: HeaderField): boolean {
  return raw.length > LONGEST_FIELD_READ && FIELDS_READ.test(name);
}

function hasLongLine(body: Buffer): boolean {
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf('\n', start);
    const next = end < 0 ? body.length : end + 1;
    if (next - start > LONGEST_BODY_LINE) return true;
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

/** The mail with only those fields. */
export function joinMail({ fields, rest }: SplitMail): Buffer {
  return Buffer.concat([...fields.map(({ raw }) => raw), rest]);
}

export function valuesOf(mail: SplitMail, name: string): string[] {
  return mail.fields.filter((field) => field.name === name).map(({ value }) => value);
}

/** Every address of every such field, lower case with A-labels; members of groups too. */
export function addressesOf(mail: SplitMail, name: string): string[] {
  return valuesOf(mail, name).flatMap((value) =>
    addressparser(value, { flatten: true }).flatMap(({ address }) => {
      if (address === undefined || address === '') return [];
      return calendarAddress(address)?.key ?? address.toLowerCase();
    }),
  );
}
