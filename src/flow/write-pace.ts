// How often one event is written while many answer it at once. A lone answer is written at once; those that come within a
// moment after that was begun wait for one another, and the next write takes them all. Each gateway paces what itself has written.

export interface WritePace {
  /** The answers to the event of that lane are being worked: who comes from now on is late for this write. */
  begin(lane: string): void;
  /** When an answer that has come now is to be worked, ms since 1970. */
  dueAt(lane: string): number;
}

/** Two thousand answers in ten seconds make some fifteen writes; nobody waits long enough to wonder. */
const BETWEEN_WRITES_MS = 700;

export function writePace(now: () => number): WritePace {
  /** When each was last begun, those begun last at the end. */
  const begun = new Map<string, number>();

  function forgetOld(before: number): void {
    for (const [lane, at] of begun) {
      if (at > before) return;
      begun.delete(lane);
    }
  }

  return {
    begin(lane) {
      const at = now();
      forgetOld(at - BETWEEN_WRITES_MS);
      begun.delete(lane);
      begun.set(lane, at);
    },
    dueAt(lane) {
      const at = now();
      const last = begun.get(lane);
      // A clock that was set back must hold nothing up.
      return last === undefined || last > at ? at : Math.max(at, last + BETWEEN_WRITES_MS);
    },
  };
}
