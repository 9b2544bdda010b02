// Whoever stands at a door comes first. A CalDAV server posts a callback for each attendee before it answers the organizer's
// client; the mails that follow from them can wait for a moment. Calls of the doors and work behind them come in, the same
// calls and work go out, in that order. Nothing waits for long: doors that are never quiet hold nobody up.

export interface DoorsFirst {
  /** The same call; as long as such calls follow one another, work that gives way waits. */
  serve<A extends readonly unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
  /** The same work, begun once the doors are quiet, or `patienceMs` after it was asked for. */
  giveWay<A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
}

export interface DoorsFirstOptions {
  /** Nobody for this long: quiet. Callers that post one after the other take less than that in between. */
  readonly quietMs?: number;
  readonly patienceMs?: number;
}

export function doorsFirst({ quietMs = 40, patienceMs = 8_000 }: DoorsFirstOptions = {}): DoorsFirst {
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
    giveWay:
      (work) =>
      async (...args) => {
        await quiet();
        return work(...args);
      },
  };
}
