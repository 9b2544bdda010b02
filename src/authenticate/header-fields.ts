// The top-level header of a mail as fields, and the mail again with some of them left out. Read here rather than by a mail
// parser, because who a mail is from must be seen exactly as those see it who check the signatures.
import addressparser from 'nodemailer/lib/addressparser';
import { calendarAddress } from '../itip/calendar-address.ts';

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

/** Beyond this no honest header goes, and checking signatures over it would take its time. */
const LONGEST_HEADER = 256 * 1024;

/** null where the header is too long to be looked at. */
export function splitHeader(raw: Uint8Array): SplitMail | null {
  const mail = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = mail.indexOf('\r\n\r\n');
  const length = end < 0 ? mail.length : end + 2;
  if (length > LONGEST_HEADER) return null;
  const fields: HeaderField[] = [];
  for (const text of mail.toString('latin1', 0, length).split(/(?<=\r\n)(?![ \t])/)) {
    const bytes = Buffer.from(text, 'latin1');
    const colon = text.indexOf(':');
    const value = bytes.subarray(colon + 1).toString('utf8');
    fields.push({
      name: colon < 0 ? '' : text.slice(0, colon).trim().toLowerCase(),
      value: value.replaceAll(/\r\n(?=[ \t])/g, '').trim(),
      raw: bytes,
    });
  }
  return { fields, rest: mail.subarray(length) };
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
