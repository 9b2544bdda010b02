// Makes the tasks that wait for a server due as soon as it recovers, instead of at the end of their back-off. In: state
// changes of back ends. Tasks are resumed in small batches, so that neither the server nor the queues are
// overloaded.
import type { Log } from '../ports/log.ts';
import type { Spool } from '../ports/spool.ts';

export interface ResumeOptions {
  readonly spool: Pick<Spool, 'wake'>;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
}

export interface RecoveryResumer {
  report(backEnd: string, isAvailable: boolean): void;
  close(): void;
}

/** Ten thousand tasks take about 25 seconds. */
const BATCH = { tasks: 200, everyMs: 500 };
/**
 * How often to check again after the last full batch: tasks that failed just before the recovery are still being put
 * back.
 */
const FINAL_CHECKS = 5;

export function resumeOnRecovery({ spool, log, now }: ResumeOptions): RecoveryResumer {
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  async function resume(backEnd: string, checks: number): Promise<void> {
    const timer = timers.get(backEnd);
    const resumed = await spool.wake(backEnd, BATCH.tasks, now()).catch((error: unknown) => {
      log.warn({ err: error, backEnd }, 'could not resume tasks waiting for this server, will retry');
      return BATCH.tasks;
    });
    // Another report came in the meantime.
    if (timer === undefined || timers.get(backEnd) !== timer) return;
    const left = resumed < BATCH.tasks ? checks - 1 : FINAL_CHECKS;
    if (left === 0) timers.delete(backEnd);
    else schedule(backEnd, left, BATCH.everyMs);
  }

  function schedule(backEnd: string, checks: number, delayMs: number): void {
    timers.set(
      backEnd,
      setTimeout(() => void resume(backEnd, checks), delayMs),
    );
  }

  function cancel(backEnd: string): void {
    clearTimeout(timers.get(backEnd));
    timers.delete(backEnd);
  }

  return {
    report(backEnd, isAvailable) {
      cancel(backEnd);
      if (isAvailable && !closed) schedule(backEnd, FINAL_CHECKS, 0);
    },
    close() {
      // A request that is still running after the drain may report later, when the spool is closed.
      closed = true;
      for (const backEnd of timers.keys()) cancel(backEnd);
    },
  };
}
