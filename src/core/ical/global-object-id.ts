// Reads Outlook's global object ID (MS-OXOCAL §2.2.1.27), which identifies a meeting and, for one occurrence, its date. In: its
// octets, or a UID that is the ID in hexadecimal digits; out: the UID of the event and the date. It refuses (null) other octets
// and invalid dates.
import { formatInstant, HOUR } from './local-time.ts';
import type { CalendarTime, OccurrenceKey } from './types.ts';
import { isUid } from './uid.ts';

export interface GlobalObjectId {
  /**
   * The UID that follows `vCal-Uid` in the ID, if Outlook received the event as iCalendar, as it receives ours. Otherwise the ID in
   * hexadecimal digits without the date (MS-OXCICAL §2.1.3.1.1.20.26).
   */
  readonly uid: string;
  /** The date of the occurrence in the organizer's time zone; null for the event itself. */
  readonly date: string | null;
  /** The ID without the date, in hexadecimal digits. */
  readonly clean: string;
}

/** The first 16 octets of every global object ID, and the length of its fixed part. */
const CLASS_ID = '040000008200e00074c5b7101a82e008';
const FIXED_LENGTH = 40;

export function readGlobalObjectId(octets: Uint8Array): GlobalObjectId | null {
  const id = Buffer.from(octets);
  if (id.length < FIXED_LENGTH || id.subarray(0, 16).toString('hex') !== CLASS_ID) return null;
  const date = readDate(id);
  id.fill(0, 16, 20);
  const clean = id.toString('hex').toUpperCase();
  const uid = readVcalUid(id.subarray(FIXED_LENGTH, FIXED_LENGTH + id.readUInt32LE(36))) ?? clean;
  return date === 'invalid' || !isUid(uid) ? null : { uid, date, clean };
}

/** Returns the other UIDs that the event may have in the organizer's calendar, for a UID that Outlook sent. */
export function otherUids(uid: string): string[] {
  const id = readUid(uid);
  if (id === null) return [];
  // Outlook, Exchange and calendar servers differ in the case of the digits.
  return [...new Set([id.uid, id.clean, id.clean.toLowerCase()])].filter((other) => other !== uid);
}

/** Returns the RECURRENCE-ID of an answer, or else the RECURRENCE-ID for the date in its UID. `start` is its DTSTART. */
export function recurrenceIdWithin({ uid, recurrenceId }: OccurrenceKey, start: CalendarTime | null): string | null {
  const date = readUid(uid)?.date ?? null;
  return recurrenceId ?? (date === null ? null : occurrenceOn(date, [start?.instant ?? null]));
}

function readUid(uid: string): GlobalObjectId | null {
  return /^(?:[0-9a-f]{2})+$/i.test(uid) ? readGlobalObjectId(Buffer.from(uid, 'hex')) : null;
}

/**
 * Returns the RECURRENCE-ID for the date, in UTC or as a date: the first of the possible starts that falls on that date in some
 * time zone, else the date.
 */
export function occurrenceOn(date: string, starts: readonly (number | null)[]): string {
  const midnight = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)));
  const near = starts.find((time) => time !== null && time >= midnight - 14 * HOUR && time <= midnight + 38 * HOUR);
  return near === undefined || near === null ? date : formatInstant(near);
}

function readVcalUid(data: Buffer): string | null {
  if (data.subarray(0, 8).toString('latin1').toLowerCase() !== 'vcal-uid') return null;
  return data.subarray(12).toString('utf8').replace(/\0.*$/s, '') || null;
}

/** Distinguishes an invalid date from none, because an answer with an invalid date must not apply to the whole series. */
function readDate(id: Buffer): string | null {
  const [year, month, day] = [id.readUInt16BE(16), id.readUInt8(18), id.readUInt8(19)];
  if (year === 0) return null;
  if (year < 1601 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return 'invalid';
  return [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('');
}
