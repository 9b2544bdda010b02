// Operations on PostgreSQL, which several gateways may share. Each runs in a transaction on a connection of a small pool;
// puts that arrive while others are being committed share the next transaction. Nothing is held between operations.
import { Pool, type PoolClient } from 'pg';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../flow/ports/log.ts';
import type { Engine } from './engine.ts';
import { type Operation, postgresDialect, query, queryOne } from './operation.ts';
import {
  type Arguments,
  bindOperations,
  type OperationName,
  type Result,
  startOperation,
  writes,
} from './operations.ts';
import { asGatewayError, drive, isConflict, isRefusal, typeParsers } from './postgres-connection.ts';
import { watchWork, type WorkWatch } from './postgres-work.ts';
import { checkVersion, migrate, noTablesYet } from './schema.ts';
import type { LedgerWrite, NewTask } from '../../flow/ports/spool.ts';

const connections = 10;
const connectMs = 5000;
/** A server that keeps silent for longer is taken for gone, and the connection is given up. */
const answerMs = 30_000;
/** Puts under way at once: with one alone, the connections of the pool would idle while it waits for the disk. */
const putsUnderWay = 2;
const triesOnConflict = 5;
/** Any number will do: gateways that start at once migrate one after the other. */
const migrationLock = 6047;

export interface PostgresOptions {
  /** Changes no tables. */
  readonly visitor: boolean;
  readonly log: Pick<Log, 'warn'> | undefined;
}

type Put = { readonly tasks: readonly NewTask[]; readonly notes: readonly LedgerWrite[] };

/** Throws `spool-unavailable` where the database cannot be reached or a later gateway has written it. */
export async function openPostgres(url: string, { visitor, log }: PostgresOptions): Promise<Engine> {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    keepAlive: true,
    types: typeParsers,
    application_name: 'imip-gateway',
  });
  // An idle connection that breaks is replaced when it is next needed.
  // One that breaks while in use fails its query; its event, unheard, would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log?.warn({ error: error.message }, 'database connection lost'));
  let work: WorkWatch;
  try {
    await transact(pool, visitor ? findSchema : prepareSchema);
    await warnOfLooseDurability(pool, log);
    work = await watchWork(url, pool, log);
  } catch (error) {
    await pool.end();
    throw asGatewayError(error);
  }
  const operations = bindOperations(postgresDialect);
  const run = (name: OperationName, args: readonly unknown[]): Promise<unknown> =>
    writes(name)
      ? transact(pool, () => startOperation(operations, name, args))
      : withClient(pool, (client) => drive(client, startOperation(operations, name, args)));
  const put = gatherPuts((tasks, notes) => transact(pool, () => operations.put(tasks, notes)));
  return {
    run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>> {
      const result = name === 'put' ? put(...(args as Arguments<'put'>)) : run(name, args);
      return result as Promise<Result<N>>;
    },
    announce: work.announce,
    onForeignWork: work.listen,
    async close() {
      await work.close();
      await pool.end();
    },
  };
}

function* findSchema(): Operation<void> {
  const found = yield* queryOne<{ name: string | null }>(`select to_regclass('schema_version')::text as name`);
  if (found === null || found.name === null) throw new GatewayError('spool-unavailable', noTablesYet);
  yield* checkVersion();
}

function* prepareSchema(): Operation<void> {
  yield* query('select pg_advisory_xact_lock(?)', migrationLock);
  yield* migrate(postgresDialect);
}

/** An acknowledged mail must outlive a power cut; the administrator may have chosen otherwise. */
async function warnOfLooseDurability(pool: Pool, log: Pick<Log, 'warn'> | undefined): Promise<void> {
  for (const name of ['fsync', 'synchronous_commit']) {
    const { rows } = await pool.query(`select current_setting('${name}') as value`);
    if (rows[0].value === 'off') log?.warn({ setting: name }, 'the database may lose what the gateway acknowledged');
  }
}

async function withClient<T>(pool: Pool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw asGatewayError(error);
  }
  let broken: Error | undefined;
  try {
    return await use(client);
  } catch (error) {
    const failure = asGatewayError(error);
    if (!isRefusal(error)) broken = failure;
    throw isConflict(error) ? error : failure;
  } finally {
    client.release(broken);
  }
}

/** One transaction, tried again where another's got in the way. `start` makes the operation anew for each try. */
async function transact<T>(pool: Pool, start: () => Operation<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await withClient(pool, async (client) => {
        await client.query('begin');
        try {
          const value = await drive(client, start());
          await client.query('commit');
          return value;
        } catch (error) {
          if (isRefusal(error)) await client.query('rollback');
          throw error;
        }
      });
    } catch (error) {
      if (isConflict(error) && tries < triesOnConflict) continue;
      throw asGatewayError(error);
    }
  }
}

/** Puts share transactions. Where one is refused for what is in it, each is tried alone, so that the others are kept. */
function gatherPuts(
  keep: (tasks: readonly NewTask[], notes: readonly LedgerWrite[]) => Promise<void>,
): (tasks: readonly NewTask[], notes: readonly LedgerWrite[]) => Promise<void> {
  let waiting: (Put & { resolve(): void; reject(error: unknown): void })[] = [];
  let underWay = 0;
  const next = async (): Promise<void> => {
    if (underWay >= putsUnderWay || waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    underWay += 1;
    try {
      await keep(
        group.flatMap(({ tasks }) => tasks),
        group.flatMap(({ notes }) => notes),
      );
      for (const { resolve } of group) resolve();
    } catch (error) {
      const alone = error instanceof GatewayError && !error.temporary && group.length > 1;
      for (const { tasks, notes, resolve, reject } of group) {
        if (alone) await keep(tasks, notes).then(resolve, reject);
        else reject(error);
      }
    } finally {
      underWay -= 1;
      void next();
    }
  };
  return (tasks, notes) =>
    new Promise((resolve, reject) => {
      waiting.push({ tasks, notes, resolve, reject });
      void next();
    });
}
