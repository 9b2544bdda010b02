// Tells whoever waits what became of a record, after the ledger has it: one log line per entry, the metrics, and the
// web page that hopes for "recorded" within two seconds. What only the operator can hear of is logged as an error.
import type { Log } from '../ports/log.ts';
import type { LedgerWrite, NewEntry } from '../ports/spool.ts';

export interface Outcomes {
  tell(writes: readonly LedgerWrite[]): void;
  /** Calls back for each entry; returns how to stop. */
  listen(listener: (entry: NewEntry) => void): () => void;
  /** The first entry about that task, null after `patience` ms. */
  wait(taskId: string, patience: number): Promise<NewEntry | null>;
}

export function makeOutcomes(log: Log): Outcomes {
  const listeners = new Set<(entry: NewEntry) => void>();
  function listen(listener: (entry: NewEntry) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
  return {
    listen,
    tell(writes) {
      for (const write of writes) {
        if (write.kind !== 'entry') continue;
        const level = write.entry.reason === 'organizer-not-told' ? 'error' : 'info';
        log[level]({ ...write.entry, at: new Date(write.entry.at).toISOString() }, 'outcome');
        for (const listener of listeners) listener(write.entry);
      }
    },
    wait(taskId, patience) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => end(null), patience);
        const stop = listen((entry) => {
          if (entry.taskId === taskId) end(entry);
        });
        function end(entry: NewEntry | null): void {
          clearTimeout(timer);
          stop();
          resolve(entry);
        }
      });
    },
  };
}
