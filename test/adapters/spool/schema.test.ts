// Migrations keep the work in a database; a database of a newer gateway is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { sqliteDialect } from '../../../src/adapters/spool/operation.ts';
import { put } from '../../../src/adapters/spool/queue-queries.ts';
import { migrate, schemaVersion, steps } from '../../../src/adapters/spool/schema.ts';
import { driver } from '../../../src/adapters/spool/sqlite-database.ts';
import { idsOf, newEntry, newTask } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'spool-schema-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the schema', () => {
  it('migrates without losing the tasks in the queue', () => {
    const database = new DatabaseSync(join(folder, 'next.db'));
    database.exec('pragma synchronous = off');
    const drive = driver(database);
    expect(drive(migrate(sqliteDialect))).toBe(0);
    drive(
      put(
        Array.from({ length: 500 }, (_, n) => newTask({ id: `t${n}`, raw: Buffer.from('mail') })),
        [],
      ),
    );
    const next = [...steps, () => ['alter table task add column note text', `update task set note = 'old'`]];
    expect(drive(migrate(sqliteDialect, next))).toBe(schemaVersion);
    expect(drive(migrate(sqliteDialect, next))).toBe(schemaVersion + 1);
    const sql = 'select count(*) as count from task join task_raw on task = seq where note = ?';
    expect(database.prepare(sql).get('old')).toMatchObject({ count: 500 });
    expect(() => drive(migrate(sqliteDialect))).toThrow('of a newer gateway');
    database.close();
  });

  it('is refused and left unchanged if a newer gateway has written it', async () => {
    const path = join(folder, 'later.db');
    const { spool } = await openSpool({ url: `sqlite:${path}` });
    await spool.put([newTask({ id: 'a' })], [{ kind: 'entry', entry: newEntry() }]);
    await spool.close();
    const database = new DatabaseSync(path);
    database.exec(`update schema_version set version = ${schemaVersion + 1}`);
    for (const secondary of [false, true]) {
      await expect(openSpool({ url: `sqlite:${path}`, secondary })).rejects.toMatchObject({
        code: 'spool-unavailable',
        message: expect.stringContaining('of a newer gateway'),
      });
    }
    database.exec(`update schema_version set version = ${schemaVersion}`);
    database.close();
    const again = await openSpool({ url: `sqlite:${path}` });
    const [batch] = await again.spool.claim('event', {
      lanes: 1,
      perLane: 1,
      leaseMs: 1,
      longestWaitMs: 3_600_000,
      now: 1,
    });
    expect(idsOf(batch?.tasks ?? [])).toEqual(['a']);
    await again.spool.close();
  });
});
