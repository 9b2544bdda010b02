// Converts local times. In: `YYYYMMDD` or `YYYYMMDDTHHMMSS`, without a trailing Z; out: local milliseconds, and back. Local
// milliseconds are the local time read as UTC, so that days can be counted without a zone. It refuses (null) an invalid date,
// such as February 30.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const LOCAL = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?$/;

/** Returns local milliseconds, null if the text is invalid. A leap second (RFC 5545 §3.3.12) is read as :59. */
export function parseLocal(text: string): number | null {
  const fields = LOCAL.exec(text);
  if (!fields) return null;
  const [year, month, day, hour, minute, second] = fields.slice(1).map((field) => Number(field ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return null;
  if (day < 1 || day > daysInMonth(year, month)) return null;
  return localMillis(year, month, day) + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000;
}

/** Returns the midnight of a day. Unlike in Date.UTC, the year 99 is not 1999. A day beyond the month is in the next month. */
export function localMillis(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

export function midnightOf(local: number): number {
  return Math.floor(local / DAY) * DAY;
}

/** Returns the milliseconds since midnight. */
export function timeOfDay(local: number): number {
  return local - midnightOf(local);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(localMillis(year, month + 1, 0)).getUTCDate();
}

/** `YYYYMMDDTHHMMSS`. */
export function formatLocal(local: number): string {
  return new Date(local).toISOString().slice(0, 19).replace(/[-:]/g, '');
}

/** `YYYYMMDD`. */
export function formatDate(local: number): string {
  return formatLocal(local).slice(0, 8);
}

/** Formats an instant as `YYYYMMDDTHHMMSSZ`. */
export function formatInstant(instant: number): string {
  return `${formatLocal(instant)}Z`;
}
