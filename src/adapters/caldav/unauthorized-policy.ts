// Decides whether a 401 is temporary. In: a circuit breaker; out: the same breaker, but with a 401 that is permanent while
// the back end serves other users. Then our credentials are right and only this user is refused: in own-domain mode, any
// mail may name an organizer who does not exist. It refuses nothing.
import { HOUR } from '../../core/ical/local-time.ts';
import type { Breaker } from './breaker.ts';
import { CalDavError } from './caldav-error.ts';

/** A success this recent shows that the shared credentials are right. */
const RECENT_MS = HOUR;

export function withUnauthorizedPolicy(breaker: Breaker, now: () => number): Breaker {
  const servedAt = new Map<string, number>();
  return async (origin, work) => {
    try {
      const result = await breaker(origin, work);
      servedAt.set(origin, now());
      return result;
    } catch (error) {
      const wasServed = now() - (servedAt.get(origin) ?? Number.NEGATIVE_INFINITY) < RECENT_MS;
      if (!wasServed || !(error instanceof CalDavError) || error.code !== 'caldav-unauthorized') throw error;
      const { code, message, status, retryAfterMs } = error;
      const options = { temporary: false, cause: error, status, retryAfterMs };
      throw new CalDavError(code, `${message}, although the server serves other users`, options);
    }
  };
}
