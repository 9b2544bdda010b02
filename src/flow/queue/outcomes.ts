// Publishes outcomes after they are committed to the ledger: to the log, the metrics and the web pages, which wait up
// to two seconds for theirs. An outcome that only the operator can act on is logged as an error.
import { isFailure } from '../../core/reasons.ts';
import { within } from '../../core/within.ts';
import type { Log } from '../ports/log.ts';
import type { LedgerWrite, NewEntry } from '../ports/spool.ts';

export interface Outcomes {
  publish(writes: readonly LedgerWrite[]): void;
  /** Calls back for each entry; returns the function that unsubscribes. */
  subscribe(listener: (entry: NewEntry) => void): () => void;
  /** Resolves to the next entry about that task; null if none is published within `timeoutMs`. */
  waitFor(taskId: string, timeoutMs: number): Promise<NewEntry | null>;
}

export function makeOutcomes(log: Log): Outcomes {
  const listeners = new Set<(entry: NewEntry) => void>();
  function subscribe(listener: (entry: NewEntry) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
  return {
    subscribe,
    publish(writes) {
      for (const write of writes) {
        if (write.kind !== 'entry') continue;
        // Failures are logged by `after-failure.ts`, once per lane.
        if (!isFailure(write.entry.reason)) logOutcome(log, write.entry);
        for (const listener of listeners) listener(write.entry);
      }
    },
    waitFor(taskId, timeoutMs) {
      let unsubscribe = (): void => undefined;
      const first = new Promise<NewEntry>((resolve) => {
        unsubscribe = subscribe((entry) => {
          if (entry.taskId === taskId) resolve(entry);
        });
      });
      return within(AbortSignal.timeout(timeoutMs), first, () => null).finally(unsubscribe);
    },
  };
}

function logOutcome(log: Log, entry: NewEntry): void {
  const level = entry.reason === 'organizer-not-told' ? 'error' : 'info';
  log[level]({ ...entry, at: new Date(entry.at).toISOString() }, 'outcome');
}
