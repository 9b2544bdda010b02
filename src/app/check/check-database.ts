// DATABASE_URL: opened as the gateway opens it, or beside one that runs; something written, closed, opened again and read
// back. Says where the disk below forgets or fills up. Leaves a mark of a few bytes, which retention takes away.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../core/errors.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import { openSpool, type SpoolOptions } from '../../adapters/spool/open-spool.ts';
import { noTablesMessage } from '../../adapters/spool/schema.ts';
import type { Ledger, Spool } from '../../flow/ports/spool.ts';
import { attention, failed, messageOf, ok } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'database';

export interface CheckedDatabase {
  readonly link: Link;
  /** null where it cannot be opened. */
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
    opened = await openFirst(url, log, file === null || existsSync(file));
    await opened.spool.put([], [{ kind: 'mark', mark, at: now() }]);
    await opened.spool.probe();
    await opened.spool.close();
    opened = await openSpool({ url, secondary: true });
    if (!(await opened.ledger.marked(mark)))
      throw new GatewayError('spool-unavailable', 'what was written is not there any more');
  } catch (error) {
    await opened?.spool.close();
    return { link: failed(NAME, messageOf(error), ...remedy(file)), ledger: null, close: async () => {} };
  }
  const { ledger, spool } = opened;
  const link = file === null ? judgeServer(warnings) : await judgeDisk(dirname(file));
  return { link, ledger, close: () => spool.close() };
}

/** A PostgreSQL that no gateway has used yet is opened as its first one would. */
async function openFirst(url: string, log: NonNullable<SpoolOptions['log']>, secondary: boolean) {
  return openSpool({ url, log, secondary }).catch((error: unknown) => {
    if (error instanceof GatewayError && error.message === noTablesMessage) return openSpool({ url, log });
    throw error;
  });
}

function remedy(file: string | null): string[] {
  return file === null
    ? ['start PostgreSQL, or mend DATABASE_URL: its user needs to make tables']
    : [`let the gateway's user write to ${dirname(file)}, or set DATABASE_URL to a place on a disk that stays`];
}

function judgeServer(warnings: readonly string[]): Link {
  const said = 'PostgreSQL gave back what was written';
  if (warnings.length === 0) return ok(NAME, said);
  const todo = 'set fsync and synchronous_commit to on: an acknowledged answer must outlive a power failure';
  return attention(NAME, `${said}, but ${[...new Set(warnings)].join('; ')}`, todo);
}

async function judgeDisk(folder: string): Promise<Link> {
  const { type, bavail, bsize } = await statfs(folder);
  return judgeFileSystem(folder, Number(type), Number(bavail) * Number(bsize));
}

/** Linux file systems by their magic numbers, statfs(2), on which a database does not stay or is not safe. */
const FORGETFUL: Readonly<Record<number, string>> = {
  0x01021994: 'in memory (tmpfs): a restart of the machine forgets it',
  0x858458f6: 'in memory (ramfs): a restart of the machine forgets it',
  0x794c7630: 'in a container’s own layer (overlayfs): a new container forgets it',
  0x6969: 'on NFS, where SQLite’s locks are not safe',
  0xff534d42: 'on a network share, where SQLite’s locks are not safe',
  0xfe534d42: 'on a network share, where SQLite’s locks are not safe',
};
const LITTLE_ROOM = 1024 ** 3;

export function judgeFileSystem(folder: string, type: number, freeBytes: number): Link {
  const said = `${folder} gave back what was written`;
  const trouble = FORGETFUL[type >>> 0];
  if (trouble !== undefined) {
    return attention(NAME, `${said}, but lies ${trouble}`, 'set DATABASE_URL to a disk of this machine, or a volume');
  }
  if (freeBytes < LITTLE_ROOM) {
    const left = `${Math.floor(freeBytes / 1024 ** 2)} MB are left`;
    return attention(NAME, `${said}, but only ${left}`, 'make room: with a full disk, mail is put off (452)');
  }
  return ok(NAME, `${said}, ${Math.floor(freeBytes / LITTLE_ROOM)} GB are free`);
}
