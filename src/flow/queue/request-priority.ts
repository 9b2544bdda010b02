// Gives callbacks priority over composing mail. A CalDAV server posts one callback per attendee before it answers the
// organizer's client, so callbacks are urgent and the resulting mails are not. Deferred work waits until no served call
// is running or recent, but only for a bounded time.

export interface RequestPriority {
  /** Wraps a call. While it runs, and for `quietMs` afterwards, deferred work waits. */
  serve<A extends readonly unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
  /** Wraps work, which starts only after `quietMs` without a served call, or after `maxWaitMs`. */
  defer<A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
}

export interface RequestPriorityOptions {
  /** Longer than the pause between two callbacks of one CalDAV server. */
  readonly quietMs?: number;
  readonly maxWaitMs?: number;
}

export function requestPriority({ quietMs = 40, maxWaitMs = 8_000 }: RequestPriorityOptions = {}): RequestPriority {
  let lastServed = -Infinity;
  let serving = 0;

  async function waitForQuiet(): Promise<void> {
    const deadline = performance.now() + maxWaitMs;
    for (;;) {
      const now = performance.now();
      const waitMs = Math.min(serving > 0 ? quietMs : lastServed + quietMs - now, deadline - now);
      if (waitMs <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  return {
    serve:
      (call) =>
      async (...args) => {
        serving += 1;
        try {
          return await call(...args);
        } finally {
          serving -= 1;
          lastServed = performance.now();
        }
      },
    defer:
      (work) =>
      async (...args) => {
        await waitForQuiet();
        return work(...args);
      },
  };
}
