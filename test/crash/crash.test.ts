import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, havePostgres } from '../spool/start-postgres.ts';
import { type BuiltGateway, buildGateway } from '../system/gateway-process.ts';
import { runCrashes } from './crash-run.ts';
import { findFaults } from './model.ts';

let built: BuiltGateway;
beforeAll(() => {
  built = buildGateway();
});
afterAll(() => built?.remove());

describe('a gateway killed at any moment', () => {
  it('loses nothing that it acknowledged and applies nothing twice', { timeout: 900_000 }, async () => {
    const seen = await runCrashes({ built, kills: 10, postgres: null, rhythm: { mostTaken: 60 } });
    expect(findFaults(seen)).toEqual([]);
    expect(seen.answers.length).toBeGreaterThan(48);
    expect(seen.changes.length).toBeGreaterThan(24);
  });
});

describe.skipIf(!havePostgres())('four gateways on one PostgreSQL, one of them killed every second', () => {
  it('do each other’s work, in order, once', { timeout: 900_000 }, async () => {
    const server = await startPostgres({ durable: false });
    const postgres = { url: server.url, gateways: 4 };
    const options = { built, kills: 15, postgres, rhythm: { everyMs: 1_000 } };
    const seen = await runCrashes(options).finally(() => server.stop());
    expect(findFaults(seen)).toEqual([]);
    expect(seen.answers.length).toBeGreaterThan(48);
  });
});
