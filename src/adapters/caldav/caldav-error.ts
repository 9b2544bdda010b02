// Turns an HTTP error status of a CalDAV server into a GatewayError. In: the status and its Retry-After header; out: an
// error that says whether a retry can succeed and how long to wait first. It refuses nothing.
import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/errors.ts';

/** Retry-After is capped at our own longest back-off, because the server may recover much earlier than announced. */
const maxRetryAfterMs = 300_000;

export class CalDavError extends GatewayError {
  /** The HTTP status; null if there was no response. */
  readonly status: number | null;
  /** The value of WWW-Authenticate in a 401; null if the server sent none. */
  challenge: string | null = null;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions & { status?: number | null } = {}) {
    super(code, message, options);
    this.status = options.status ?? null;
  }
}

/**
 * Returns the error for a status other than success. 401 is temporary, so that the waiting answers are applied once an
 * operator has fixed the credentials (unauthorized-policy.ts makes an exception). 500 is temporary because DAViCal and
 * SOGo return it when two clients write at the same time. 501 and every 4xx except 401, 408, 423, 425 and 429 are permanent.
 */
export function errorForStatus(what: string, status: number, retryAfter: string | undefined, now: number): CalDavError {
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  const message = `${what}: HTTP ${status}`;
  if (status === 401) return new CalDavError('caldav-unauthorized', message, { status, temporary: true, retryAfterMs });
  if ([408, 425, 429, 502, 503, 504].includes(status)) {
    return new CalDavError('caldav-unreachable', message, { status, temporary: true, retryAfterMs });
  }
  const temporary = status === 423 || status >= 500;
  return new CalDavError('caldav-refused', message, { status, temporary: temporary && status !== 501, retryAfterMs });
}

/** Returns a number of seconds or an HTTP date (RFC 9110 §10.2.3) as milliseconds from `now`; null if it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  if (text === '') return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(/^[a-z]{3}/i.test(text) ? text : '') - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}
