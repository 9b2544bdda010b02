// Circuit breaker and concurrency limit per back end (origin). In: an origin and the work to do there; out: the result of
// the work. Few requests to one back end are in flight at a time, and almost none while it fails or does not respond, so
// that it holds few of our lanes. It refuses work with `caldav-unreachable` (temporary, with the time to retry) instead
// of waiting.
import { GatewayError } from '../../core/errors.ts';
import type { BreakerState } from '../../flow/ports/calendar-store.ts';
import { CalDavError } from './caldav-error.ts';

export interface BreakerOptions {
  /** How many pieces of work are in flight with one back end at a time. */
  readonly maxInFlight: number;
  /**
   * How long work waits for a free slot while the back end sends no response. This applies to the first `maxInFlight`
   * waiters. The others, and all waiters in state half-open, wait only `shortMaxSilenceMs`, because each of them holds a
   * lane.
   */
  readonly maxSilenceMs: number;
  readonly shortMaxSilenceMs: number;
  /** The breaker opens after this many consecutive failures. */
  readonly failureThreshold: number;
  /** How long the breaker stays open: `first`, then twice as long after each failed probe, up to `max`. */
  readonly openMs: { readonly first: number; readonly max: number };
  readonly onChange?: (origin: string, state: BreakerState) => void;
}

export const DEFAULT_BREAKER_OPTIONS: BreakerOptions = {
  maxInFlight: 8,
  maxSilenceMs: 2_000,
  shortMaxSilenceMs: 500,
  failureThreshold: 4,
  openMs: { first: 2_000, max: 30_000 },
};

/** Runs the work, or throws `caldav-unreachable` without running it. */
export type Breaker = <T>(origin: string, work: () => Promise<T>) => Promise<T>;

export function openBreaker(options: BreakerOptions): Breaker {
  const backEnds = new Map<string, BackEnd>();
  return async (origin, work) => {
    const backEnd = backEnds.get(origin) ?? new BackEnd(origin, options);
    backEnds.set(origin, backEnd);
    await backEnd.acquire();
    try {
      const result = await work();
      backEnd.release(true);
      return result;
    } catch (error) {
      // Any other error means that the back end did respond.
      const isUnreachable = error instanceof GatewayError && error.code === 'caldav-unreachable';
      if (isUnreachable && error instanceof CalDavError) error.backEnd = origin;
      backEnd.release(!isUnreachable);
      throw error;
    }
  };
}

interface Waiter {
  resolve(): void;
  reject(error: CalDavError): void;
}

class BackEnd {
  readonly #origin: string;
  readonly #options: BreakerOptions;
  #state: BreakerState = 'closed';
  #inFlight = 0;
  #failures = 0;
  #openMs: number;
  /** A `performance.now()` time, like `#lastResponseAt`, because the system clock may be set back. */
  #openUntil = 0;
  /** When it last responded, or when work began while none was in flight. */
  #lastResponseAt = 0;
  #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(origin: string, options: BreakerOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#openMs = options.openMs.first;
  }

  /** Resolves when the work may begin. The caller must call `release` afterwards. */
  async acquire(): Promise<void> {
    if (this.#state === 'open') {
      // A whole number of milliseconds: it becomes a due time, which PostgreSQL stores as an integer.
      const left = Math.ceil(this.#openUntil - performance.now());
      if (left > 0) throw this.#refusal(left);
      this.#change('half-open');
    }
    if (this.#hasFreeSlot()) {
      this.#start();
      return;
    }
    if (this.#remainingWait(this.#waiting.length) <= 0) throw this.#refusal(this.#options.maxSilenceMs);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#scheduleRejection();
    });
  }

  release(hasResponded: boolean): void {
    this.#inFlight -= 1;
    if (hasResponded) {
      this.#lastResponseAt = performance.now();
      this.#failures = 0;
      this.#openMs = this.#options.openMs.first;
      this.#change('closed');
    } else {
      this.#failures += 1;
      const mustOpen = this.#state === 'half-open' || this.#failures >= this.#options.failureThreshold;
      if (mustOpen && this.#state !== 'open') this.#open();
    }
    while (this.#waiting.length > 0 && this.#hasFreeSlot()) {
      this.#start();
      this.#waiting.shift()?.resolve();
    }
    this.#scheduleRejection();
  }

  #hasFreeSlot(): boolean {
    if (this.#state === 'closed') return this.#inFlight < this.#options.maxInFlight;
    return this.#state === 'half-open' && this.#inFlight === 0;
  }

  #start(): void {
    if (this.#inFlight === 0) this.#lastResponseAt = performance.now();
    this.#inFlight += 1;
  }

  #open(): void {
    this.#openUntil = performance.now() + this.#openMs;
    const refusal = this.#refusal(this.#openMs);
    this.#openMs = Math.min(2 * this.#openMs, this.#options.openMs.max);
    this.#change('open');
    for (const { reject } of this.#waiting.splice(0)) reject(refusal);
  }

  /** Returns how many milliseconds the waiter at that position still waits; 0 or less if its time is over. */
  #remainingWait(position: number): number {
    const { maxInFlight, maxSilenceMs, shortMaxSilenceMs } = this.#options;
    const limit = this.#state === 'closed' && position < maxInFlight ? maxSilenceMs : shortMaxSilenceMs;
    return this.#lastResponseAt + limit - performance.now();
  }

  /** Sets the timer for the last waiter, because the others wait at least as long; without a waiter, there is none. */
  #scheduleRejection(): void {
    clearTimeout(this.#timer);
    const last = this.#waiting.length - 1;
    if (last >= 0) this.#timer = setTimeout(() => this.#rejectOverdue(), this.#remainingWait(last));
  }

  #rejectOverdue(): void {
    const remaining = this.#waiting.filter((_, position) => this.#remainingWait(position) > 0).length;
    for (const { reject } of this.#waiting.splice(remaining)) reject(this.#refusal(this.#options.maxSilenceMs));
    this.#scheduleRejection();
  }

  #change(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange?.(this.#origin, state);
  }

  #refusal(retryAfterMs: number): CalDavError {
    const message = `${this.#origin} has not responded recently, so no requests are sent to it for now`;
    const refusal = new CalDavError('caldav-unreachable', message, { temporary: true, retryAfterMs });
    refusal.backEnd = this.#origin;
    return refusal;
  }
}
