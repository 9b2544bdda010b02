// What a CalDAV server's refusal means for us. In: an HTTP status and its Retry-After; out: a GatewayError that says
// whether trying again can help, and when the server asked us to. It refuses nothing itself.
import { type ErrorCode, GatewayError } from '../../core/errors.ts';

/** A server must not put our work off for longer than our own back-off does: it may be back much sooner than it said. */
const longestRetryAfterMs = 300_000;

export class CalDavError extends GatewayError {
  /** The HTTP status behind it; null where no answer came. */
  readonly status: number | null;
  /** What the server's Retry-After asks for, in milliseconds from now (at most five minutes); null where it asks for nothing. */
  readonly retryAfterMs: number | null;
  /** The origin that is away, whose return is worth waiting for; said by its breaker. */
  backEnd: string | null = null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { temporary?: boolean; cause?: unknown; status?: number | null; retryAfterMs?: number | null } = {},
  ) {
    super(code, message, options);
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/**
 * The error for a status that is no success. 401 is temporary: an operator who mends the credentials wants the waiting
 * answers applied (but see judge-refusals.ts). 500 is temporary too (DAViCal and SOGo give it when two writers meet); other 4xx are not.
 */
export function refusal(what: string, status: number, retryAfter: string | undefined, now: number): CalDavError {
  const retryAfterMs = readRetryAfter(retryAfter, now);
  const message = `${what}: HTTP ${status}`;
  if (status === 401) return new CalDavError('caldav-unauthorized', message, { status, temporary: true, retryAfterMs });
  if ([408, 425, 429, 502, 503, 504].includes(status)) {
    return new CalDavError('caldav-unreachable', message, { status, temporary: true, retryAfterMs });
  }
  const temporary = status === 423 || status >= 500;
  return new CalDavError('caldav-refused', message, { status, temporary: temporary && status !== 501, retryAfterMs });
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), as milliseconds from `now`; null for neither. */
export function readRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  if (text === '') return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(/^[a-z]{3}/i.test(text) ? text : '') - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestRetryAfterMs);
}
