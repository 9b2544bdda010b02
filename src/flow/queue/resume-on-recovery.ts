// What waits for a server that was away is worked soon after its return, not when its back-off has run out. In: servers that
// are back or away again; out: their tasks made due, some at a time, so that neither they nor the others are run over.
import type { Log } from '../ports/log.ts';
import type { Spool } from '../ports/spool.ts';

export interface WakeOptions {
  readonly spool: Pick<Spool, 'wake'>;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
}

export interface WakeWaiting {
  tell(backEnd: string, isBack: boolean): void;
  close(): void;
}

/** Ten thousand within half a minute. */
const PACE = { tasks: 200, everyMs: 500 };
/** What was refused just before the return is still on its way back to its queue. */
const LAST_LOOKS = 5;

export function wakeWaiting({ spool, log, now }: WakeOptions): WakeWaiting {
  const waking = new Map<string, NodeJS.Timeout>();
  let closed = false;

  async function wake(backEnd: string, looks: number): Promise<void> {
    const mine = waking.get(backEnd);
    const woken = await spool.wake(backEnd, PACE.tasks, now()).catch((error: unknown) => {
      log.warn({ err: error, backEnd }, 'what waits for a server that is back could not be woken; trying again');
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
      // A request that outlived the drain may still come back, and the spool is closed next: it would be asked for ever.
      closed = true;
      for (const backEnd of waking.keys()) stop(backEnd);
    },
  };
}
