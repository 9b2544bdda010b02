// SQLite: the contract, and what only SQLite does: one gateway per file, clear errors, an invalid write that fails alone.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DatabaseSync } from '@photostructure/sqlite';
import { openLedger, openForOperator, openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { describeContract } from './contract.ts';
import { newEntry, newTask, tables } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'spool-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeContract('sqlite', {
  open: () => openSpool({ url: `sqlite:${folder}/contract/gateway.db` }),
  openForOperator: () => openForOperator({ url: `sqlite:${folder}/contract/gateway.db` }),
  async empty() {
    const database = new DatabaseSync(`${folder}/contract/gateway.db`, { timeout: 5000 });
    for (const table of tables) database.exec(`delete from ${table}`);
    database.close();
  },
});

describe('an SQLite file', () => {
  it('serves one gateway at a time, and secondary processes beside it', async () => {
    const url = `sqlite:${folder}/one/gateway.db`;
    const { spool } = await openSpool({ url });
    await expect(openSpool({ url })).rejects.toMatchObject({
      code: 'spool-unavailable',
      message: expect.stringContaining('another gateway'),
    });
    const secondary = await openSpool({ url, secondary: true });
    let notified = 0;
    spool.onWork('event', () => {
      notified += 1;
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await secondary.spool.put([newTask({ id: 'v' })]);
    expect((await spool.task('v'))?.state).toBe('waiting');
    await expect.poll(() => notified, { timeout: 15_000 }).toBeGreaterThan(0);
    await secondary.spool.close();
    await spool.close();
    const again = await openSpool({ url });
    await again.spool.close();
  });

  it('ends the leases of a previous gateway, but not those of a running one', async () => {
    const url = `sqlite:${folder}/leases/gateway.db`;
    const options = { lanes: 1, perLane: 1, leaseMs: 1_000_000, longestWaitMs: 3_600_000, now: 10 };
    const first = await openSpool({ url });
    await first.spool.put([newTask({ id: 'a' })]);
    const [lost] = await first.spool.claim('event', options);
    const secondary = await openSpool({ url, secondary: true });
    expect(await secondary.spool.claim('event', options)).toEqual([]);
    await secondary.spool.close();
    await first.spool.close();
    const second = await openSpool({ url });
    const [batch] = await second.spool.claim('event', options);
    expect(batch?.tasks[0]?.id).toBe('a');
    expect(await second.spool.commit(lost!.lease, { done: ['a'] })).toBe(false);
    await second.spool.close();
  });

  it('is refused if it cannot be written or is not a database', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(openSpool({ url: `sqlite:${folder}/file/gateway.db` })).rejects.toMatchObject({
      code: 'spool-unavailable',
      message: expect.stringContaining(`${folder}/file/gateway.db`),
    });
    mkdirSync(join(folder, 'text'));
    writeFileSync(join(folder, 'text/gateway.db'), 'this is no database, but a text of some length\n'.repeat(100));
    await expect(openSpool({ url: `sqlite:${folder}/text/gateway.db` })).rejects.toMatchObject({
      code: 'spool-unavailable',
    });
    await expect(openSpool({ url: 'mysql://x' })).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('is refused if it is read-only', async () => {
    const path = join(folder, 'read-only.db');
    const { spool } = await openSpool({ url: `sqlite:${path}` });
    await spool.close();
    // An unknown write version makes the file read-only, also for root (https://www.sqlite.org/fileformat.html).
    const file = openSync(path, 'r+');
    writeSync(file, Uint8Array.of(9), 0, 1, 18);
    closeSync(file);
    await expect(openSpool({ url: `sqlite:${path}` })).rejects.toMatchObject({ code: 'spool-unavailable' });
  });

  it('can be read only by its owner', async () => {
    const path = join(folder, 'private/gateway.db');
    const { spool } = await openSpool({ url: `sqlite:${path}` });
    await spool.put([newTask()]);
    const modes = [dirname(path), path, `${path}-wal`, `${path}-shm`].map((each) => statSync(each).mode & 0o077);
    await spool.close();
    expect(modes).toEqual([0, 0, 0, 0]);
  });

  it('is neither created nor changed by a secondary process', async () => {
    const url = `sqlite:${folder}/none/gateway.db`;
    await expect(openLedger({ url })).rejects.toMatchObject({
      message: expect.stringContaining('does not exist'),
    });
    expect(existsSync(`${folder}/none`)).toBe(false);
    const { spool } = await openSpool({ url });
    await spool.put([], [{ kind: 'entry', entry: newEntry() }]);
    const { ledger, close } = await openLedger({ url });
    expect(await ledger.entries('u1', 5)).toEqual([newEntry()]);
    await close();
    await spool.close();
  });

  it('records when a task ended, by the clock that it is given', async () => {
    const { spool } = await openSpool({ url: `sqlite:${folder}/clock/gateway.db`, now: () => 1_000 });
    await spool.put([newTask({ id: 'done', lane: 'l' }), newTask({ id: 'dropped', lane: 'l' })]);
    const [batch] = await spool.claim('event', { lanes: 1, perLane: 2, leaseMs: 1, longestWaitMs: 1, now: 100 });
    await spool.commit(batch!.lease, { done: ['done'], hold: [{ id: 'dropped', reason: 'operator', key: 'k' }] });
    await spool.drop(['dropped']);
    expect(await spool.prune(1_000, 0)).toBe(0);
    expect(await spool.prune(1_001, 0)).toBe(2);
    await spool.close();
  });

  it('fails only the invalid write of a group', async () => {
    const { spool } = await openSpool({ url: `sqlite:${folder}/bad/gateway.db` });
    const bad = newTask({ id: 'bad', body: null as unknown as string });
    const results = await Promise.allSettled([
      spool.put([newTask({ id: 'a' })]),
      spool.put([bad]),
      spool.put([newTask({ id: 'b' })]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'internal', temporary: false } });
    expect((await spool.task('b'))?.state).toBe('waiting');
    expect(await spool.task('bad')).toBeNull();
    await spool.close();
    await expect(spool.probe()).rejects.toMatchObject({ code: 'spool-unavailable', temporary: true });
  });
});
