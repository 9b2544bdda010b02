// The engine on PostgreSQL, which several gateways may share. In: operations; out: their results. Each write runs in a
// transaction on a connection of a small pool, and puts that arrive while others are being committed share the next
// transaction. No lock or connection is held between operations. It refuses a database that a newer gateway has written.
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
import { openWorkNotifier, type WorkNotifier } from './postgres-notify.ts';
import { checkVersion, migrate, noTablesMessage } from './schema.ts';
import type { LedgerWrite, NewTask } from '../../flow/ports/spool.ts';

const connections = 10;
const connectMs = 5000;
/** If a query takes longer, the server is regarded as unavailable and the connection is closed. */
const queryTimeoutMs = 30_000;
/** More than one, so that the next put can run while one waits for the disk. */
const maxConcurrentPuts = 2;
const maxAttempts = 5;
/** Advisory lock so that gateways starting at the same time migrate one after the other. The number is arbitrary. */
const migrationLock = 6047;

export interface PostgresOptions {
  /** For a process beside the gateway, which must not create or migrate tables. */
  readonly secondary: boolean;
  readonly log: Pick<Log, 'warn'> | undefined;
}

type Put = { readonly tasks: readonly NewTask[]; readonly notes: readonly LedgerWrite[] };

/** Throws `spool-unavailable` if the database cannot be reached or a newer gateway has written it. */
export async function openPostgres(url: string, { secondary, log }: PostgresOptions): Promise<Engine> {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    types: typeParsers,
    application_name: 'imip-gateway',
  });
  // The pool replaces an idle connection that breaks. A connection that breaks while in use fails its query and emits an
  // error event as well; without a listener, that event would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log?.warn({ error: error.message }, 'database connection lost'));
  let work: WorkNotifier;
  try {
    await transact(pool, secondary ? checkSchema : prepareSchema);
    await warnIfNotDurable(pool, log);
    work = await openWorkNotifier(url, pool, log);
  } catch (error) {
    await pool.end();
    throw asGatewayError(error);
  }
  const operations = bindOperations(postgresDialect);
  const run = (name: OperationName, args: readonly unknown[]): Promise<unknown> =>
    writes(name)
      ? transact(pool, () => startOperation(operations, name, args))
      : withClient(pool, (client) => drive(client, startOperation(operations, name, args)));
  const put = batchPuts((tasks, notes) => transact(pool, () => operations.put(tasks, notes)));
  return {
    run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>> {
      const result = name === 'put' ? put(...(args as Arguments<'put'>)) : run(name, args);
      return result as Promise<Result<N>>;
    },
    announce: work.announce,
    onExternalWork: work.listen,
    async close() {
      await work.close();
      await pool.end();
    },
  };
}

function* checkSchema(): Operation<void> {
  const found = yield* queryOne<{ name: string | null }>(`select to_regclass('schema_version')::text as name`);
  if (found === null || found.name === null) throw new GatewayError('spool-unavailable', noTablesMessage);
  yield* checkVersion();
}

function* prepareSchema(): Operation<void> {
  yield* query('select pg_advisory_xact_lock(?)', migrationLock);
  yield* migrate(postgresDialect);
}

/** An acknowledged mail must survive a power cut, but the administrator may have configured PostgreSQL otherwise. */
async function warnIfNotDurable(pool: Pool, log: Pick<Log, 'warn'> | undefined): Promise<void> {
  for (const name of ['fsync', 'synchronous_commit']) {
    const { rows } = await pool.query(`select current_setting('${name}') as value`);
    if (rows[0].value === 'off')
      log?.warn({ setting: name }, 'database setting is off, acknowledged mails may be lost in a crash');
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

/** Runs one transaction and retries it after a conflict with another. `start` creates a new operation for each attempt. */
async function transact<T>(pool: Pool, start: () => Operation<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
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
      if (isConflict(error) && attempts < maxAttempts) continue;
      throw asGatewayError(error);
    }
  }
}

/**
 * Lets puts share a transaction. If the database refuses one for its content, each is retried separately, so that only
 * that one fails.
 */
function batchPuts(
  store: (tasks: readonly NewTask[], notes: readonly LedgerWrite[]) => Promise<void>,
): (tasks: readonly NewTask[], notes: readonly LedgerWrite[]) => Promise<void> {
  let waiting: (Put & { resolve(): void; reject(error: unknown): void })[] = [];
  let inFlight = 0;
  const next = async (): Promise<void> => {
    if (inFlight >= maxConcurrentPuts || waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    inFlight += 1;
    try {
      await store(
        group.flatMap(({ tasks }) => tasks),
        group.flatMap(({ notes }) => notes),
      );
      for (const { resolve } of group) resolve();
    } catch (error) {
      const retrySeparately = error instanceof GatewayError && !error.temporary && group.length > 1;
      for (const { tasks, notes, resolve, reject } of group) {
        if (retrySeparately) await store(tasks, notes).then(resolve, reject);
        else reject(error);
      }
    } finally {
      inFlight -= 1;
      void next();
    }
  };
  return (tasks, notes) =>
    new Promise((resolve, reject) => {
      waiting.push({ tasks, notes, resolve, reject });
      void next();
    });
}
