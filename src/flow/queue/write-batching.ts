// How often one event is written while many answer it at once. A lone answer is worked at once; those that come within a
// moment of another wait for the next beat, when one write takes them all. Each gateway paces what itself works.

export interface WriteBatching {
  /** Answers to the event of that lane are being worked. */
  begin(lane: string): void;
  /** When an answer that has come now is to be worked, ms since 1970. */
  dueAt(lane: string): number;
}

/** Two thousand answers in ten seconds make some fifteen writes; nobody waits long enough to wonder. */
const BEAT_MS = 800;
/** An answer is not on the disk yet when it is asked for: one that is late for its beat would make a write of its own. */
const MARGIN_MS = 200;

export function writeBatching(now: () => number): WriteBatching {
  /** When each was last worked, those worked last at the end. */
  const begun = new Map<string, number>();

  function forgetOld(at: number): void {
    for (const [lane, last] of begun) {
      if (isRecent(last, at)) return;
      begun.delete(lane);
    }
  }

  return {
    begin(lane) {
      const at = now();
      forgetOld(at);
      begun.delete(lane);
      begun.set(lane, at);
    },
    dueAt(lane) {
      const at = now();
      const last = begun.get(lane);
      if (last === undefined || !isRecent(last, at)) return at;
      return Math.ceil((at + MARGIN_MS) / BEAT_MS) * BEAT_MS;
    },
  };
}

/** A clock that was set back makes nothing recent. */
function isRecent(last: number, at: number): boolean {
  return last <= at && at - last < 2 * BEAT_MS;
}
