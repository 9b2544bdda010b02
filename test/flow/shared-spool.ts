// Spools for tests that each want an empty one. A spool has a thread of its own, which takes longer to start than most tests to
// run: what one test gives back, the next one gets, emptied. They stay open as long as the process, and so does their folder.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { openRecurrence } from '../../src/adapters/recurrence/open-recurrence.ts';
import { openSpool } from '../../src/adapters/spool/open-spool.ts';

interface SharedSpool extends Awaited<ReturnType<typeof openSpool>> {
  readonly file: string;
}

const folder = mkdtempSync(join(tmpdir(), 'flow-'));
/** All but those that describe the database itself. */
const NAMES_OF_TABLES = `select name from sqlite_master where type = 'table' and name not in ('schema_version', 'fence')`;
let opened = 0;
const free: SharedSpool[] = [];

/** Its workers are shared as well; a test must not close it. */
export const recurrence = openRecurrence();

export async function takeSpool(): Promise<SharedSpool> {
  const taken = free.pop();
  if (taken !== undefined) return taken;
  const file = join(folder, `${opened++}.db`);
  return { ...(await openSpool({ url: `sqlite:${file}` })), file };
}

export function giveBack(spool: SharedSpool): void {
  const database = new DatabaseSync(spool.file, { timeout: 5_000, enableForeignKeyConstraints: false });
  for (const { name } of database.prepare(NAMES_OF_TABLES).all()) database.exec(`delete from ${String(name)}`);
  database.close();
  free.push(spool);
}
