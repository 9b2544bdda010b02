// What one received mail may cost to read. All octets are counted before anything is decoded, unless it says otherwise.

export interface MailLimits {
  /** The whole mail. */
  readonly octets: number;
  /** The headers of all its parts together. */
  readonly headerOctets: number;
  /** One part's header (Postfix's header_size_limit). */
  readonly partHeaderOctets: number;
  /** MIME parts, multiparts included. */
  readonly parts: number;
  /** Multiparts within multiparts. */
  readonly depth: number;
  /** Lines that begin as boundaries do. */
  readonly dashedLines: number;
  /** Attached messages that are looked into, nested ones included. */
  readonly forwards: number;
  /** A calendar or winmail.dat, decoded. */
  readonly calendarOctets: number;
  /** Plain text kept, characters. */
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
  textLength: 64 * 1024,
};
