// Limits how often one event is written while many attendees answer it. In: the lane of an event; out: the due time of
// an answer to it. A single answer is due at once. Answers that closely follow another one are due together at the end
// of a fixed interval, so that they need only one write. Each gateway process counts only its own work.

export interface WriteBatching {
  /** Records that answers in that lane are being processed now. */
  begin(lane: string): void;
  /** When an answer that arrives now is due, ms since 1970. */
  dueAt(lane: string): number;
}

/** Two thousand answers in ten seconds need some fifteen writes, and no attendee waits noticeably. */
const INTERVAL_MS = 800;
/** The time that it takes to store an answer. An answer that misses its interval would need a separate write. */
const MARGIN_MS = 200;

export function writeBatching(now: () => number): WriteBatching {
  /** When each lane was last processed, in ascending order. */
  const begun = new Map<string, number>();

  function deleteOld(at: number): void {
    for (const [lane, last] of begun) {
      if (isRecent(last, at)) return;
      begun.delete(lane);
    }
  }

  return {
    begin(lane) {
      const at = now();
      deleteOld(at);
      begun.delete(lane);
      begun.set(lane, at);
    },
    dueAt(lane) {
      const at = now();
      const last = begun.get(lane);
      if (last === undefined || !isRecent(last, at)) return at;
      return Math.ceil((at + MARGIN_MS) / INTERVAL_MS) * INTERVAL_MS;
    },
  };
}

/** False for a time in the future: the clock was set back. */
function isRecent(last: number, at: number): boolean {
  return last <= at && at - last < 2 * INTERVAL_MS;
}
