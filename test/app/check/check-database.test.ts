// The database: made where there is none, tried beside a gateway, refused with what to do; and the disk below it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDatabase, judgeFileSystem } from '../../../src/app/check/check-database.ts';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'imip-check-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the database', () => {
  it('is made where there is none, as the gateway would', async () => {
    const file = join(folder, 'new', 'gateway.db');
    const { link, ledger, close } = await checkDatabase(`sqlite:${file}`, Date.now);
    expect(link.said).toContain(`${join(folder, 'new')} gave back what was written`);
    expect(await ledger?.recent(1)).toEqual([]);
    await close();
    expect(existsSync(file)).toBe(true);
  });

  it('is tried beside a gateway that runs, and not locked', async () => {
    const url = `sqlite:${join(folder, 'running', 'gateway.db')}`;
    const { spool } = await openSpool({ url });
    const { link, close } = await checkDatabase(url, Date.now);
    expect(link.status).not.toBe('failed');
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
  ])('is refused: %s', async (_case, url, said, todo) => {
    writeFileSync(join(folder, 'file'), 'This is not a database, but a text that is long enough. '.repeat(30));
    const { link, ledger, close } = await checkDatabase(url(), Date.now);
    expect(link.status).toBe('failed');
    expect(link.said).toMatch(said);
    expect(link.todo.join(' ')).toMatch(todo);
    expect(ledger).toBeNull();
    await close();
  });

  it.each([
    ['ext4', 0xef53, 80 * 1024 ** 3, 'ok', /80 GB are free/],
    ['tmpfs', 0x01021994, 80 * 1024 ** 3, 'attention', /in memory/],
    ['overlayfs', 0x794c7630, 80 * 1024 ** 3, 'attention', /container’s own layer/],
    ['CIFS, as a signed number', 0xff534d42 | 0, 80 * 1024 ** 3, 'attention', /network share/],
    ['almost full', 0xef53, 100 * 1024 ** 2, 'attention', /only 100 MB are left/],
  ])('knows the disk: %s', (_case, type, free, status, said) => {
    const link = judgeFileSystem('/data', type, free);
    expect(link.status).toBe(status);
    expect(link.said).toMatch(said);
    expect(link.todo.length > 0).toBe(status !== 'ok');
  });
});
