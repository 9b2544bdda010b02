// Checks the clock, which decides the order of answers and when links expire. In: our time, the time of the newest ledger
// entry and that of the CalDAV server; out: whether they agree. Pure.
import { type CheckResult, failed, ok, warning } from './check-result.ts';

const NAME = 'clock';
/** A correct clock shows a later time, because this program was written after it. */
const EARLIEST = Date.UTC(2025, 0, 1);
const MAX_DIFFERENCE_MS = 60_000;

export function checkClock(times: {
  readonly now: number;
  /** null if the ledger is empty. */
  readonly newestEntry: number | null;
  /** From the Date field of the CalDAV server's response; null if it had none. */
  readonly server: number | null;
}): CheckResult {
  const { now, newestEntry, server } = times;
  const time = new Date(now).toISOString();
  const todo = 'set the clock by NTP (chronyd, systemd-timesyncd), and find out what set it wrong';
  if (now < EARLIEST) return failed(NAME, `the clock shows ${time}, which is years ago`, todo);
  if (newestEntry !== null && newestEntry - now > MAX_DIFFERENCE_MS) {
    const behind = `${seconds(newestEntry - now)} before the newest ledger entry`;
    return failed(NAME, `the clock shows ${time}, ${behind}: it was set back`, todo);
  }
  if (server === null) return warning(NAME, `the clock shows ${time}; there was no other clock to compare it with`);
  if (Math.abs(server - now) > MAX_DIFFERENCE_MS) {
    const difference = `${seconds(Math.abs(server - now))} ${server > now ? 'behind' : 'ahead of'} the CalDAV server`;
    return failed(NAME, `the clock shows ${time}, ${difference}`, todo);
  }
  return ok(NAME, `the clock shows ${time}, the same time as the CalDAV server`);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
