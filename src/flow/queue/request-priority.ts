// Callbacks take priority over composing mail. A CalDAV server posts a callback for each attendee before it answers the
// organizer's client; the mails that follow can wait. Calls of the doors and deferred work come in; the same calls and work
// go out, in that order. The wait is bounded.

export interface RequestPriority {
  /** The same call; while such calls follow one another, deferred work waits. */
  serve<A extends readonly unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
  /** The same work, begun once no call has come for `quietMs`, or after `patienceMs`. */
  defer<A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
}

export interface RequestPriorityOptions {
  /** Callers that post one after the other pause for less than this. */
  readonly quietMs?: number;
  readonly patienceMs?: number;
}

export function requestPriority({ quietMs = 40, patienceMs = 8_000 }: RequestPriorityOptions = {}): RequestPriority {
  let lastServed = -Infinity;
  let serving = 0;

  async function quiet(): Promise<void> {
    const givesUp = performance.now() + patienceMs;
    for (;;) {
      const now = performance.now();
      const missing = Math.min(serving > 0 ? quietMs : lastServed + quietMs - now, givesUp - now);
      if (missing <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, missing));
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
        await quiet();
        return work(...args);
      },
  };
}
