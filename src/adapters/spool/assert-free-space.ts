// Reserves free disk space for finishing accepted work. In: a folder; out: nothing. It refuses when less than the reserve
// is free. Only new work is checked, so that claims and results can still be written and the queues can drain.
import { statfsSync } from 'node:fs';
import { GatewayError } from '../../core/errors.ts';

/** Several times the size that SQLite's write-ahead log reaches before a checkpoint. */
const reserveBytes = 64 * 1024 * 1024;

/** Throws `spool-full` (temporary) if less than the reserve is free. Takes a few microseconds. */
export function assertFreeSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= reserveBytes) return;
  const message = `less than ${reserveBytes >> 20} MiB are free in ${folder}: new work is refused until space is freed`;
  throw new GatewayError('spool-full', message, { temporary: true });
}
