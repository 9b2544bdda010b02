// The clock decides which of two answers is the newer, and when links end. In: our time, the newest record's, the CalDAV
// server's; out: whether they agree. Pure.
import { attention, failed, ok } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'clock';
/** When this was written: no right clock shows less. */
const EARLIEST = Date.UTC(2025, 0, 1);
const MOST_APART_MS = 60_000;

export function checkClock(times: {
  readonly now: number;
  /** Of the newest ledger entry; null: there is none. */
  readonly newestRecord: number | null;
  /** From the CalDAV server's Date; null: it said none. */
  readonly server: number | null;
}): Link {
  const { now, newestRecord, server } = times;
  const shown = new Date(now).toISOString();
  const todo = 'let NTP set the clock (chronyd, systemd-timesyncd), and look at what set it last';
  if (now < EARLIEST) return failed(NAME, `it shows ${shown}, which is long past`, todo);
  if (newestRecord !== null && newestRecord - now > MOST_APART_MS) {
    return failed(
      NAME,
      `it shows ${shown}, ${seconds(newestRecord - now)} before the newest record: it was set back`,
      todo,
    );
  }
  if (server === null) return attention(NAME, `it shows ${shown}; no other clock was at hand to compare with`);
  if (Math.abs(server - now) > MOST_APART_MS) {
    const apart = `${seconds(Math.abs(server - now))} ${server > now ? 'behind' : 'ahead of'} the CalDAV server's`;
    return failed(NAME, `it shows ${shown}, ${apart}`, todo);
  }
  return ok(NAME, `it shows ${shown} and agrees with the CalDAV server's`);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
