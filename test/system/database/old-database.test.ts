// The PostgreSQL database that version 0.1.0 left behind. SQLite: test/flow/records/old-database.test.ts.
import { Client } from 'pg';
import { describe } from 'vitest';
import { describeOldDatabase } from '../../flow/records/describe-old-database.ts';
import { type OldDatabase, readFixture } from '../../flow/records/old-database.ts';
import { lacks } from '../requirements.ts';
import { startPostgres } from './start-postgres.ts';

describe.skipIf(lacks('postgres'))('on PostgreSQL', () => {
  describeOldDatabase('PostgreSQL', openOldPostgres);
});

async function openOldPostgres(version: string): Promise<OldDatabase> {
  const server = await startPostgres({ durable: false });
  const { url } = server;
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return client;
  };
  // On a connection of its own: the dump leaves it without a search_path.
  const loader = await connect();
  await loader.query(readFixture(`${version}.postgres.sql`).toString('utf8'));
  await loader.end();
  const client = await connect();
  return {
    url,
    rows: async <T>(sql: string) => (await client.query(sql)).rows as T[],
    async close() {
      await client.end();
      await server.stop();
    },
  };
}
