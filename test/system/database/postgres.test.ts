// PostgreSQL: the contract, and what only PostgreSQL does: several gateways on one database, a server that stops and
// returns.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForOperator, openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { describeContract } from '../../adapters/spool/contract.ts';
import { newTask, tables } from '../../adapters/spool/records.ts';
import { lacks } from '../requirements.ts';
import { type Postgres, startPostgres } from './start-postgres.ts';

describe.skipIf(lacks('postgres'))('postgres', () => {
  let server: Postgres;
  let admin: Client;
  const empty = async () => void (await admin.query(`truncate ${tables.join(', ')} restart identity`));
  const open = () => openSpool({ url: server.url });

  beforeAll(async () => {
    server = await startPostgres({ durable: false });
    const { spool } = await open();
    await spool.close();
    admin = new Client({ connectionString: server.url });
    admin.on('error', () => {});
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  describeContract('postgres', { open, empty, openForOperator: () => openForOperator({ url: server.url }) });

  it('can be opened by several gateways at once on an empty database', async () => {
    await admin.query('drop schema public cascade');
    await admin.query('create schema public');
    const all = await Promise.all([open(), open(), open()]);
    await all[0]!.spool.put([newTask({ id: 'a' })]);
    expect((await all[2]!.spool.task('a'))?.state).toBe('waiting');
    await Promise.all(all.map(({ spool }) => spool.close()));
  });

  it('notifies other gateways of work quickly', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    let notified = 0;
    two!.spool.onWork('outgoing', () => {
      notified += 1;
    });
    await one!.spool.put([newTask({ queue: 'outgoing', dueAt: Date.now() + 3_600_000 })]);
    await expect.poll(() => notified, { timeout: 1_900, interval: 10 }).toBeGreaterThan(0);
    await Promise.all([one!.spool.close(), two!.spool.close()]);
  });

  it('finds work whose notification was lost', async () => {
    const { spool } = await open();
    let notified = 0;
    spool.onWork('invitation', () => {
      notified += 1;
    });
    await admin.query(`insert into lane values ('invitation', 'quiet', 0, 0, 0)`);
    await expect.poll(() => notified, { timeout: 15_000 }).toBeGreaterThan(0);
    await spool.close();
  });

  it('fails only the invalid put of a group', async () => {
    await empty();
    const { spool } = await open();
    const bad = newTask({ id: 'bad', body: null as unknown as string });
    const results = await Promise.allSettled(
      [newTask({ id: 'a' }), newTask({ id: 'b' }), bad, newTask({ id: 'c' })].map((task) => spool.put([task])),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: { code: 'internal', temporary: false } });
    await spool.put([newTask({ id: 'nul', body: 'a\0b' })]);
    expect((await spool.task('nul'))?.body).toBe('a\u{fffd}b');
    await spool.close();
  });

  it('never gives a lane to two gateways, and loses no task', async () => {
    await empty();
    const gateways = await Promise.all([open(), open(), open()]);
    const names = Array.from({ length: 300 }, (_, n) => newTask({ id: `w${n}`, lane: `l${n % 30}` }));
    await gateways[0]!.spool.put(names);
    const done: string[] = [];
    const working = new Set<string>();
    await Promise.all(
      gateways.map(async ({ spool }) => {
        for (let idle = 0; idle < 3; ) {
          const batches = await spool.claim('event', {
            lanes: 4,
            perLane: 3,
            leaseMs: 60_000,
            longestWaitMs: 3_600_000,
            now: 1,
          });
          idle = batches.length === 0 ? idle + 1 : 0;
          for (const { lease, tasks } of batches) {
            expect(working.has(lease.lane)).toBe(false);
            working.add(lease.lane);
            await spool.probe();
            working.delete(lease.lane);
            const ids = tasks.map(({ id }) => id);
            const add = ids.map((id) => newTask({ id: `out-${id}`, queue: 'outgoing', lane: `o${id.length}` }));
            expect(await spool.commit(lease, { done: ids, add })).toBe(true);
            done.push(...ids);
          }
        }
      }),
    );
    expect(new Set(done).size).toBe(300);
    expect(done).toHaveLength(300);
    const outgoing = (await gateways[1]!.spool.status()).find(({ queue }) => queue === 'outgoing');
    expect(outgoing?.waiting).toBe(300);
    await Promise.all(gateways.map(({ spool }) => spool.close()));
  });

  it('receives notifications again after its connection broke', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%listener'`);
    let notified = 0;
    two!.spool.onWork('outgoing', () => {
      notified += 1;
    });
    await expect.poll(() => notified, { timeout: 15_000 }).toBeGreaterThan(0);
    notified = 0;
    await one!.spool.put([newTask({ queue: 'outgoing', dueAt: Date.now() + 3_600_000 })]);
    await expect.poll(() => notified, { timeout: 1_900, interval: 10 }).toBeGreaterThan(0);
    await Promise.all([one!.spool.close(), two!.spool.close()]);
  });

  it('reports a temporary error while the server is down, and works when it is back', async () => {
    await admin.end();
    const { spool } = await open();
    await spool.put([newTask({ id: 'before' })]);
    const busy = Promise.allSettled(Array.from({ length: 30 }, (_, n) => spool.task(`t${n}`)));
    await server.crash();
    expect(await busy).toHaveLength(30);
    await expect(spool.put([newTask({ id: 'during' })])).rejects.toMatchObject({
      code: 'spool-unavailable',
      temporary: true,
    });
    await expect(spool.probe()).rejects.toMatchObject({ temporary: true });
    await server.start();
    await spool.probe();
    expect((await spool.task('before'))?.state).toBe('waiting');
    await spool.put([newTask({ id: 'after' })]);
    await spool.close();
    await expect(openSpool({ url: 'postgres://127.0.0.1:1/x' })).rejects.toMatchObject({ code: 'spool-unavailable' });
    admin = new Client({ connectionString: server.url });
    await admin.connect();
  });
});
