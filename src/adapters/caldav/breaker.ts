// A breaker for each back end (origin). In: work with a back end; out: what came of it. A few things are done with one back
// end at a time, and with one that is away or silent only now and then: so a server that swallows requests holds few of
// our lanes, and not for long. It refuses (`caldav-unreachable`, temporary, with the time to try again) instead of waiting.
import { GatewayError } from '../../core/errors.ts';
import type { BreakerState } from '../../flow/ports/calendar-store.ts';
import { CalDavError } from './caldav-error.ts';

export interface BreakerOptions {
  /** Pieces of work with one back end at a time. */
  readonly width: number;
  /**
   * A back end that is fully busy and has answered nothing for so long is waited for no more. As many may wait as work with
   * it; more of them, and all while half-open, give up much sooner: they would hold every lane there is.
   */
  readonly patienceMs: number;
  readonly shortPatienceMs: number;
  /** So many failures in a row open the breaker; a pause follows, longer each time. */
  readonly failures: number;
  readonly pauseMs: { readonly first: number; readonly longest: number };
  readonly onChange?: (origin: string, state: BreakerState) => void;
}

export const BREAKER: BreakerOptions = {
  width: 8,
  patienceMs: 2_000,
  shortPatienceMs: 500,
  failures: 4,
  pauseMs: { first: 2_000, longest: 30_000 },
};

/** Does that work with a back end, or refuses to. */
export type Breaker = <T>(origin: string, work: () => Promise<T>) => Promise<T>;

export function openBreaker(options: BreakerOptions): Breaker {
  const backEnds = new Map<string, BackEnd>();
  return async (origin, work) => {
    const backEnd = backEnds.get(origin) ?? new BackEnd(origin, options);
    backEnds.set(origin, backEnd);
    await backEnd.enter();
    try {
      const result = await work();
      backEnd.leave(true);
      return result;
    } catch (error) {
      // A refusal is an answer, too.
      const away = error instanceof GatewayError && error.code === 'caldav-unreachable';
      if (away && error instanceof CalDavError) error.backEnd = origin;
      backEnd.leave(!away);
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
  #underWay = 0;
  #failures = 0;
  #pauseMs: number;
  /** Like `#lastSign` by `performance.now()`, which nobody sets. */
  #openUntil = 0;
  /** When it last answered, or work began while none was under way. */
  #lastSign = 0;
  #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(origin: string, options: BreakerOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#pauseMs = options.pauseMs.first;
  }

  /** Resolves when work may begin; `leave` must follow. */
  async enter(): Promise<void> {
    if (this.#state === 'open') {
      // Whole ms: they become a due time, and PostgreSQL takes no parts of one.
      const left = Math.ceil(this.#openUntil - performance.now());
      if (left > 0) throw this.#refusal(left);
      this.#change('half-open');
    }
    if (this.#hasRoom()) {
      this.#start();
      return;
    }
    if (this.#patience(this.#waiting.length) <= 0) throw this.#refusal(this.#options.patienceMs);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#watchWaiting();
    });
  }

  leave(answered: boolean): void {
    this.#underWay -= 1;
    if (answered) {
      this.#lastSign = performance.now();
      this.#failures = 0;
      this.#pauseMs = this.#options.pauseMs.first;
      this.#change('closed');
    } else {
      this.#failures += 1;
      const broken = this.#state === 'half-open' || this.#failures >= this.#options.failures;
      if (broken && this.#state !== 'open') this.#open();
    }
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      this.#start();
      this.#waiting.shift()?.resolve();
    }
  }

  #hasRoom(): boolean {
    if (this.#state === 'closed') return this.#underWay < this.#options.width;
    return this.#state === 'half-open' && this.#underWay === 0;
  }

  #start(): void {
    if (this.#underWay === 0) this.#lastSign = performance.now();
    this.#underWay += 1;
  }

  #open(): void {
    this.#openUntil = performance.now() + this.#pauseMs;
    const refusal = this.#refusal(this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, this.#options.pauseMs.longest);
    this.#change('open');
    for (const { reject } of this.#waiting.splice(0)) reject(refusal);
  }

  /** How much longer whoever has that place in the line waits for a busy back end, ms. */
  #patience(place: number): number {
    const { width, patienceMs, shortPatienceMs } = this.#options;
    const patience = this.#state === 'closed' && place < width ? patienceMs : shortPatienceMs;
    return this.#lastSign + patience - performance.now();
  }

  /** The last in the line are the first to give up. */
  #watchWaiting(): void {
    clearTimeout(this.#timer);
    const last = this.#waiting.length - 1;
    if (last >= 0) this.#timer = setTimeout(() => this.#giveUpWaiting(), this.#patience(last));
  }

  #giveUpWaiting(): void {
    const staying = this.#waiting.filter((_, place) => this.#patience(place) > 0).length;
    for (const { reject } of this.#waiting.splice(staying)) reject(this.#refusal(this.#options.patienceMs));
    this.#watchWaiting();
  }

  #change(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange?.(this.#origin, state);
  }

  #refusal(retryAfterMs: number): CalDavError {
    const message = `${this.#origin} has not answered lately: it is asked again in a while`;
    const refusal = new CalDavError('caldav-unreachable', message, { temporary: true, retryAfterMs });
    refusal.backEnd = this.#origin;
    return refusal;
  }
}
