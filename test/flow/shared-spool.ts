// A pool of empty spools for tests. A spool runs in a thread, which takes longer to start than most tests take to run,
// so a released spool is emptied and used again. The spools and their folder are never closed; they end with the
// process.
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
/** Without the tables that describe the database itself. */
const TABLES = `select name from sqlite_master where type = 'table' and name not in ('schema_version', 'fence')`;
let opened = 0;
const idle: SharedSpool[] = [];

/** Shared by all tests, which must not close it. */
export const recurrence = openRecurrence();

export async function acquireSpool(): Promise<SharedSpool> {
  const spool = idle.pop();
  if (spool !== undefined) return spool;
  const file = join(folder, `${opened++}.db`);
  return { ...(await openSpool({ url: `sqlite:${file}` })), file };
}

export function releaseSpool(spool: SharedSpool): void {
  const database = new DatabaseSync(spool.file, { timeout: 5_000, enableForeignKeyConstraints: false });
  for (const { name } of database.prepare(TABLES).all()) database.exec(`delete from ${String(name)}`);
  database.close();
  idle.push(spool);
}
