// The check of the database on a real PostgreSQL that no gateway has used yet.
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedger, openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { checkDatabase } from '../../../src/app/check/check-database.ts';
import { lacks } from '../requirements.ts';
import { startPostgres } from './start-postgres.ts';

describe.skipIf(lacks('postgres'))('a PostgreSQL', () => {
  it('can be checked before the first gateway starts, and then has its tables', async () => {
    const server = await startPostgres({ durable: false });
    onTestFinished(() => server.stop());
    await expect(openLedger({ url: server.url })).rejects.toThrow(/no tables yet: start the gateway/);
    const { result, ledger, close } = await checkDatabase(server.url, Date.now);
    expect(result.finding).toContain('PostgreSQL keeps what is written');
    expect(await ledger?.recent(1)).toEqual([]);
    await close();
    const { spool } = await openSpool({ url: server.url });
    await spool.probe();
    await spool.close();
  });
});
