// Keeps room on the disk for ending what was begun: new work is refused while claims, results and notices can still be
// written. Otherwise a full disk could not be worked empty.
import { statfsSync } from 'node:fs';
import { GatewayError } from '../../core/errors.ts';

/** Several times what SQLite's log grows to before it is copied into the database. */
const reserveBytes = 64 * 1024 * 1024;

/** Throws `spool-full` (temporary) where less than the reserve is free in the folder. Takes a few microseconds. */
export function askForRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= reserveBytes) return;
  const message = `less than ${reserveBytes >> 20} MiB are free in ${folder}: they are kept for ending what was begun`;
  throw new GatewayError('spool-full', message, { temporary: true });
}
