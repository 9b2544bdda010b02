// Calendar text <-> "local milliseconds": the wall clock read as if it were UTC, so that days can be counted without
// any zone. Takes `YYYYMMDD` and `YYYYMMDDTHHMMSS` (a trailing Z is the caller's business); refuses what no calendar
// has, such as the 30th of February.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const LOCAL = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?$/;

/** Local milliseconds, or null where the text is no date or time. A leap second (RFC 5545 §3.3.12) is read as :59. */
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

/** Midnight of a day; unlike Date.UTC, a year below 100 is that year. Days beyond the month run on. */
export function localMillis(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
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

/** `YYYYMMDDTHHMMSSZ` of an instant. */
export function formatInstant(instant: number): string {
  return `${formatLocal(instant)}Z`;
}
