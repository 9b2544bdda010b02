// Tasks that wait for a server are worked soon after it recovers, not when their back-off ends. Servers that recover or fail
// come in; their tasks are made due, some at a time, so that neither the server nor other servers' tasks are overloaded.
import type { Log } from '../ports/log.ts';
import type { Spool } from '../ports/spool.ts';

export interface ResumeOptions {
  readonly spool: Pick<Spool, 'wake'>;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
}

export interface RecoveryResumer {
  tell(backEnd: string, isBack: boolean): void;
  close(): void;
}

/** Ten thousand within half a minute. */
const PACE = { tasks: 200, everyMs: 500 };
/** Tasks that failed just before the recovery are still being put back. */
const LAST_LOOKS = 5;

export function resumeOnRecovery({ spool, log, now }: ResumeOptions): RecoveryResumer {
  const waking = new Map<string, NodeJS.Timeout>();
  let closed = false;

  async function wake(backEnd: string, looks: number): Promise<void> {
    const mine = waking.get(backEnd);
    const woken = await spool.wake(backEnd, PACE.tasks, now()).catch((error: unknown) => {
      log.warn({ err: error, backEnd }, 'could not resume tasks waiting for this server, will retry');
      return PACE.tasks;
    });
    if (mine === undefined || waking.get(backEnd) !== mine) return;
    const left = woken < PACE.tasks ? looks - 1 : LAST_LOOKS;
    if (left === 0) waking.delete(backEnd);
    else wakeSoon(backEnd, left, PACE.everyMs);
  }

  function wakeSoon(backEnd: string, looks: number, delay: number): void {
    waking.set(
      backEnd,
      setTimeout(() => void wake(backEnd, looks), delay),
    );
  }

  function stop(backEnd: string): void {
    clearTimeout(waking.get(backEnd));
    waking.delete(backEnd);
  }

  return {
    tell(backEnd, isBack) {
      stop(backEnd);
      if (isBack && !closed) wakeSoon(backEnd, LAST_LOOKS, 0);
    },
    close() {
      // A request that outlived the drain may still end, and the spool is closed next.
      closed = true;
      for (const backEnd of waking.keys()) stop(backEnd);
    },
  };
}
