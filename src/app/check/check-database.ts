// Checks DATABASE_URL: opens it as the gateway does, or beside a running gateway, writes a mark, closes it, opens it again
// and reads the mark. In: the URL; out: a result, with a warning if the disk is volatile, unsafe or nearly full, and the
// ledger. The mark of a few bytes stays until it expires.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../core/errors.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import { openSpool, type SpoolOptions } from '../../adapters/spool/open-spool.ts';
import { noTablesMessage } from '../../adapters/spool/schema.ts';
import type { Ledger, Spool } from '../../flow/ports/spool.ts';
import { type CheckResult, failed, messageOf, ok, warning } from './check-result.ts';

const NAME = 'database';

export interface CheckedDatabase {
  readonly result: CheckResult;
  /** null if the database cannot be opened. */
  readonly ledger: Ledger | null;
  close(): Promise<void>;
}

export async function checkDatabase(url: string, now: () => number): Promise<CheckedDatabase> {
  const file = url.startsWith('sqlite:') ? url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '') : null;
  const warnings: string[] = [];
  const log = { warn: (_fields: unknown, text?: unknown) => void warnings.push(String(text)) };
  let opened: { spool: Spool; ledger: Ledger } | null = null;
  try {
    const mark = `check:${makeIds()(now())}`;
    opened = await openOrCreate(url, log, file === null || existsSync(file));
    await opened.spool.put([], [{ kind: 'mark', mark, at: now() }]);
    await opened.spool.probe();
    await opened.spool.close();
    opened = await openSpool({ url, secondary: true });
    if (!(await opened.ledger.marked(mark)))
      throw new GatewayError('spool-unavailable', 'the database lost the mark that was just written');
  } catch (error) {
    await opened?.spool.close();
    return { result: failed(NAME, messageOf(error), todoFor(file)), ledger: null, close: async () => {} };
  }
  const { ledger, spool } = opened;
  const result = file === null ? judgeServer(warnings) : await judgeDisk(dirname(file));
  return { result, ledger, close: () => spool.close() };
}

/** Creates the tables in a PostgreSQL database that no gateway has used yet, as the first gateway would. */
async function openOrCreate(url: string, log: NonNullable<SpoolOptions['log']>, secondary: boolean) {
  return openSpool({ url, log, secondary }).catch((error: unknown) => {
    if (error instanceof GatewayError && error.message === noTablesMessage) return openSpool({ url, log });
    throw error;
  });
}

function todoFor(file: string | null): string {
  return file === null
    ? 'start PostgreSQL, or correct DATABASE_URL; its user must be allowed to create tables'
    : `let the gateway's user write to ${dirname(file)}, or set DATABASE_URL to a folder on a permanent disk`;
}

function judgeServer(warnings: readonly string[]): CheckResult {
  const works = 'PostgreSQL keeps what is written';
  if (warnings.length === 0) return ok(NAME, works);
  const todo = 'set fsync and synchronous_commit to on, so that acknowledged answers survive a power failure';
  return warning(NAME, `${works}, but ${[...new Set(warnings)].join('; ')}`, todo);
}

async function judgeDisk(folder: string): Promise<CheckResult> {
  const { type, bavail, bsize } = await statfs(folder);
  return judgeFileSystem(folder, Number(type), Number(bavail) * Number(bsize));
}

/** Linux file systems, by the magic numbers of statfs(2), on which a database gets lost or damaged. */
const UNSAFE_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x01021994: 'in memory (tmpfs), which is lost when the machine restarts',
  0x858458f6: 'in memory (ramfs), which is lost when the machine restarts',
  0x794c7630: 'in a container’s own layer (overlayfs), which is lost with the container',
  0x6969: 'on NFS, where SQLite’s locks are not safe',
  0xff534d42: 'on a network share, where SQLite’s locks are not safe',
  0xfe534d42: 'on a network share, where SQLite’s locks are not safe',
};
const GIB = 1024 ** 3;

export function judgeFileSystem(folder: string, type: number, freeBytes: number): CheckResult {
  const works = `${folder} keeps what is written`;
  const problem = UNSAFE_FILE_SYSTEMS[type >>> 0];
  if (problem !== undefined) {
    return warning(NAME, `${works}, but it is ${problem}`, 'set DATABASE_URL to a local disk or a volume');
  }
  if (freeBytes < GIB) {
    const free = `only ${Math.floor(freeBytes / 1024 ** 2)} MB are free`;
    return warning(NAME, `${works}, but ${free}`, 'free some space: on a full disk, mail gets 452');
  }
  return ok(NAME, `${works}, ${Math.floor(freeBytes / GIB)} GB are free`);
}
