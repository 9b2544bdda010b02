// Opens the SQLite file of a spool and runs operations on it synchronously, for the worker thread. In: a path; out: the
// database. It refuses a path that cannot be written, and a file that another gateway holds.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from '@photostructure/sqlite';
import { GatewayError } from '../../core/errors.ts';
import type { Operation, Row } from './operation.ts';

export type Database = InstanceType<typeof DatabaseSync>;
type Prepared = ReturnType<Database['prepare']>;

/** Returns Node's own module if it exists (not in Node 20), else @photostructure/sqlite, which has the same interface. */
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
 * Opens the file. With `exclusive`, creates it if needed and holds `PATH-lock` until it is closed or the process dies, so
 * that one gateway uses the file. The command line opens it without the lock.
 */
export async function openFile(path: string, exclusive: boolean): Promise<OpenFile> {
  const Sqlite = await loadSqlite();
  try {
    if (exclusive) createPrivateFile(path);
    else if (!existsSync(path)) throw new GatewayError('spool-unavailable', `the database ${path} does not exist`);
    const lock = exclusive ? lockExclusively(new Sqlite(`${path}-lock`)) : null;
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

/**
 * Creates folder and file so that only this user can read them, because they contain people's mail. SQLite gives the files
 * that it adds the same permissions.
 */
function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** Takes the lock. The kernel releases it when the process ends, so after a crash nothing has to be cleaned up. */
function lockExclusively(lock: Database): Database {
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== 5) throw error;
    throw new GatewayError('spool-unavailable', 'another gateway uses this database file: stop it first');
  }
}

/** Returns a function that runs an operation's statements one after the other. Each statement is prepared only once. */
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
 * SQLite's primary result codes of temporary errors, with their texts
 * (https://www.sqlite.org/rescode.html). The texts are needed because errors of `all` in @photostructure/sqlite 1.2.1
 * have no code.
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

/** Turns SQLite's error into a GatewayError: the disk is full, the database failed, or our statement is wrong. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { errcode, message = '' } = error as { errcode?: number; message?: string };
  const found = [...temporary].find(([code, text]) =>
    errcode === undefined ? text === message : (errcode & 0xff) === code,
  );
  if (found?.[0] === full) {
    return new GatewayError('spool-full', 'the disk of the database is full', { temporary: true, cause: error });
  }
  if (found !== undefined) {
    return new GatewayError('spool-unavailable', `the database failed: ${message}`, { temporary: true, cause: error });
  }
  return new GatewayError('internal', `the database refused a statement: ${message}`, { cause: error });
}
