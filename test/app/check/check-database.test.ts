// The check of the database: without a database, beside a running gateway, with faults; and of the disk.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDatabase, judgeFileSystem } from '../../../src/app/check/check-database.ts';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'imip-check-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the check of the database', () => {
  it('creates the database if there is none', async () => {
    const file = join(folder, 'new', 'gateway.db');
    const { result, ledger, close } = await checkDatabase(`sqlite:${file}`, Date.now);
    expect(result.finding).toContain(`${join(folder, 'new')} keeps what is written`);
    expect(await ledger?.recent(1)).toEqual([]);
    await close();
    expect(existsSync(file)).toBe(true);
  });

  it('works beside a running gateway, and does not lock the database', async () => {
    const url = `sqlite:${join(folder, 'running', 'gateway.db')}`;
    const { spool } = await openSpool({ url });
    const { result, close } = await checkDatabase(url, Date.now);
    expect(result.status).not.toBe('failed');
    await spool.probe();
    await close();
    await spool.close();
  });

  it.each([
    [
      'a file in the way',
      () => `sqlite:${join(folder, 'file', 'gateway.db')}`,
      /cannot write the database/,
      /DATABASE_URL/,
    ],
    ['no database', () => `sqlite:${join(folder, 'file')}`, /not a database/, /let the gateway's user write/],
    ['no server', () => 'postgres://gateway@127.0.0.1:1/gateway', /ECONNREFUSED/, /start PostgreSQL/],
  ])('fails: %s', async (_case, url, finding, todo) => {
    writeFileSync(join(folder, 'file'), 'This is not a database, but a text that is long enough. '.repeat(30));
    const { result, ledger, close } = await checkDatabase(url(), Date.now);
    expect(result.status).toBe('failed');
    expect(result.finding).toMatch(finding);
    expect(result.todo.join(' ')).toMatch(todo);
    expect(ledger).toBeNull();
    await close();
  });

  it.each([
    ['ext4', 0xef53, 80 * 1024 ** 3, 'ok', /80 GB are free/],
    ['tmpfs', 0x01021994, 80 * 1024 ** 3, 'warning', /in memory/],
    ['overlayfs', 0x794c7630, 80 * 1024 ** 3, 'warning', /container’s own layer/],
    ['CIFS, as a signed number', 0xff534d42 | 0, 80 * 1024 ** 3, 'warning', /network share/],
    ['almost full', 0xef53, 100 * 1024 ** 2, 'warning', /only 100 MB are free/],
  ])('judges the disk: %s', (_case, type, free, status, finding) => {
    const result = judgeFileSystem('/data', type, free);
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
    expect(result.todo.length > 0).toBe(status !== 'ok');
  });
});
