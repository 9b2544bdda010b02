// Limits for parsing one received mail. Octets are counted before decoding, except where stated. It refuses nothing itself:
// read-mime.ts, find-calendar.ts and interpret-mail.ts enforce the limits.

export interface MailLimits {
  /** The whole mail. */
  readonly octets: number;
  /** The headers of all parts together. */
  readonly headerOctets: number;
  /** The header of one part; the default is that of Postfix's header_size_limit. */
  readonly partHeaderOctets: number;
  /** MIME parts, multiparts included. */
  readonly parts: number;
  /** Levels of nested multiparts. */
  readonly depth: number;
  /** Lines that begin with `--`, as boundary delimiters do. */
  readonly dashedLines: number;
  /** Attached messages that are parsed, nested ones included. */
  readonly forwards: number;
  /** A calendar or winmail.dat, after decoding. */
  readonly calendarOctets: number;
  /** All opened CMS SignedData together, after decoding, including nested data and data in attached messages. */
  readonly signedOctets: number;
  /** Characters of the plain text that is kept. */
  readonly textLength: number;
}

export const MAIL_LIMITS: MailLimits = {
  octets: 50 * 1024 * 1024,
  headerOctets: 256 * 1024,
  partHeaderOctets: 102_400,
  parts: 200,
  depth: 30,
  dashedLines: 500_000,
  forwards: 4,
  calendarOctets: 1024 * 1024,
  signedOctets: 128 * 1024,
  textLength: 64 * 1024,
};
