// Reads and writes DURATION. In: a start and the value of DURATION, or a length; out: the end, or the value of DURATION. It
// refuses (null) a value that is invalid or negative, and an end after the year 9999.
import { DAY, formatDate, formatLocal, parseLocal } from './local-time.ts';
import { localAt, readTime, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

/** RFC 5545 §3.3.6: weeks and days are nominal, so they keep the local time across a DST change; hours are exact. */
export function endAfter(start: CalendarTime, duration: string, vtimezones: readonly string[]): CalendarTime | null {
  const read = readDuration(duration);
  if (read === null) return null;
  const local = (parseLocal(start.local) ?? 0) + read.days * DAY;
  if (start.form === 'date') return readTime(formatDate(local + read.time), {}, []);
  if (start.zone === null) return readTime(formatLocal(local + read.time), {}, []);
  const from = resolveLocal(formatLocal(local), start.zone, vtimezones);
  const ended = from === null ? null : localAt(from + read.time, start.zone, vtimezones);
  return readTime(ended ?? formatLocal(local + read.time), { tzid: start.zone }, vtimezones);
}

/** Writes a positive length in milliseconds as an exact DURATION, such as `PT1H30M`. */
export function formatDuration(length: number): string {
  const seconds = Math.round(length / 1000);
  const fields = { H: Math.floor(seconds / 3600), M: Math.floor(seconds / 60) % 60, S: seconds % 60 };
  const written = Object.entries(fields).flatMap(([unit, count]) => (count > 0 ? `${count}${unit}` : []));
  return `PT${written.join('') || '0S'}`;
}

const DURATION = /^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/i;

/** Returns nominal days and exact milliseconds. */
function readDuration(text: string): { readonly days: number; readonly time: number } | null {
  const fields = DURATION.exec(text.trim());
  if (!fields) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = fields.slice(1).map((field) => Number(field ?? 0));
  return { days: weeks * 7 + days, time: ((hours * 60 + minutes) * 60 + seconds) * 1000 };
}
