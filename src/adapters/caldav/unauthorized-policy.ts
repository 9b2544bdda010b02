// Tells a back end that lets nobody in from one that refuses one user. In: work with a back end; out: what came of it, but
// a 401 while others are served is not said to pass: in own-domain mode anybody may name an organizer who does not exist.
import type { Breaker } from './breaker.ts';
import { CalDavError } from './caldav-error.ts';

/** Somebody was served so lately that the credentials for all must be right. */
const LATELY_MS = 3_600_000;

export function judgeRefusals(breaker: Breaker, now: () => number): Breaker {
  const servedAt = new Map<string, number>();
  return async (origin, work) => {
    try {
      const result = await breaker(origin, work);
      servedAt.set(origin, now());
      return result;
    } catch (error) {
      const served = now() - (servedAt.get(origin) ?? Number.NEGATIVE_INFINITY) < LATELY_MS;
      if (!served || !(error instanceof CalDavError) || error.code !== 'caldav-unauthorized') throw error;
      const { code, message, status, retryAfterMs } = error;
      const options = { temporary: false, cause: error, status, retryAfterMs };
      throw new CalDavError(code, `${message}, while others are served`, options);
    }
  };
}
