// Opens the SQLite file of a spool and drives operations on it, synchronously: for the worker. Refuses a place that
// cannot be written and a file that another gateway holds.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from '@photostructure/sqlite';
import { GatewayError } from '../../core/errors.ts';
import type { Operation, Row } from './operation.ts';

export type Database = InstanceType<typeof DatabaseSync>;
type Prepared = ReturnType<Database['prepare']>;

/** Node's own module where it has one; the same interface by @photostructure/sqlite elsewhere. */
async function loadSqlite(): Promise<typeof DatabaseSync> {
  const builtin = 'node:sqlite';
  const own = (await import(builtin).catch(() => null)) as { DatabaseSync: typeof DatabaseSync } | null;
  return own?.DatabaseSync ?? (await import('@photostructure/sqlite')).DatabaseSync;
}

export interface OpenFile {
  readonly database: Database;
  close(): void;
}

/**
 * Opens or makes the file. `exclusive`: holds `PATH-lock` until closed or until the process dies, so that there is one
 * gateway per file; readers such as the command line do without.
 */
export async function openFile(path: string, exclusive: boolean): Promise<OpenFile> {
  const Sqlite = await loadSqlite();
  try {
    if (exclusive) makeForOwner(path);
    else if (!existsSync(path)) throw new GatewayError('spool-unavailable', `there is no database ${path}`);
    const lock = exclusive ? takeLock(new Sqlite(`${path}-lock`)) : null;
    const database = new Sqlite(path);
    database.exec(`pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full;
      pragma wal_autocheckpoint = 4000; pragma cache_size = -65536; pragma temp_store = memory`);
    const close = (): void => {
      database.close();
      lock?.close();
    };
    return { database, close };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('spool-unavailable', `cannot write the database ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** People's mail is in it: what is made here is for this user only. What SQLite makes beside it is as the file is. */
function makeForOwner(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** The kernel drops the lock with the process, so a crash leaves nothing behind that must be cleaned up. */
function takeLock(lock: Database): Database {
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== 5) throw error;
    throw new GatewayError('spool-unavailable', 'another gateway uses this database file');
  }
}

/** Runs an operation's statements one after the other; statements are prepared once. */
export function driver(database: Database): <T>(operation: Operation<T>) => T {
  const prepared = new Map<string, Prepared>();
  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  return (operation) => {
    let rows: Row[] = [];
    for (;;) {
      const step = operation.next(rows);
      if (step.done) return step.value;
      const statement = prepare(step.value.sql);
      if ('params' in step.value) rows = statement.all(...step.value.params) as Row[];
      else rows = step.value.rows.flatMap((params) => statement.all(...params) as Row[]);
    }
  };
}

/**
 * What a later try may pass, by SQLite's primary result code and its text (https://www.sqlite.org/rescode.html): what
 * `all` of @photostructure/sqlite 1.2.1 throws carries the text alone.
 */
const temporary: ReadonlyMap<number, string> = new Map([
  [5, 'database is locked'],
  [6, 'database table is locked'],
  [7, 'out of memory'],
  [8, 'attempt to write a readonly database'],
  [10, 'disk I/O error'],
  [13, 'database or disk is full'],
  [14, 'unable to open database file'],
]);
const full = 13;

/** What SQLite threw, as the gateway's own error: a full disk, a failing one, or a fault of ours. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { errcode, message = '' } = error as { errcode?: number; message?: string };
  const found = [...temporary].find(([code, text]) =>
    errcode === undefined ? text === message : (errcode & 0xff) === code,
  );
  if (found?.[0] === full) {
    return new GatewayError('spool-full', 'no room for the database', { temporary: true, cause: error });
  }
  if (found !== undefined) {
    return new GatewayError('spool-unavailable', `the database failed: ${message}`, { temporary: true, cause: error });
  }
  return new GatewayError('internal', `the database refused a statement: ${message}`, { cause: error });
}
