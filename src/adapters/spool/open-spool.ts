// Opens the spool. In: DATABASE_URL; out: the ports Spool and Ledger. Only this file depends on both back ends. It refuses a
// URL with another scheme, and a database of a newer gateway.
import { GatewayError } from '../../core/errors.ts';
import { openCalendarCache } from './calendar-cache.ts';
import type { Engine } from './engine.ts';
import { createLedger, createSpool } from './engine-spool.ts';
import type { Log } from '../../flow/ports/log.ts';
import { openPostgres } from './postgres-engine.ts';
import { createOperatorActions } from './operator-actions.ts';
import { openSqlite } from './sqlite-engine.ts';
import type { Ledger, OperatorActions, Spool } from '../../flow/ports/spool.ts';

export interface SpoolOptions {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly url: string;
  readonly log?: Pick<Log, 'warn'>;
  /** The system clock if omitted. */
  readonly now?: () => number;
  /** For a process beside the gateway, such as the command line: it takes no lock on an SQLite file and ends no leases. */
  readonly secondary?: boolean;
}

/**
 * Opens the database and creates or migrates its tables. Throws `spool-unavailable` if the database cannot be written,
 * another gateway holds the SQLite file, or a newer gateway has written it; `config-invalid` for another scheme.
 */
export async function openSpool(options: SpoolOptions): Promise<{ spool: Spool; ledger: Ledger }> {
  const { now = Date.now } = options;
  const engine = await openEngine(options);
  const calendars = openCalendarCache(engine);
  return { spool: createSpool(engine, calendars, now), ledger: createLedger(engine, calendars) };
}

/** Opens only the ledger; the gateway may be running. */
export async function openLedger(options: {
  readonly url: string;
}): Promise<{ ledger: Ledger; close(): Promise<void> }> {
  const { spool, ledger } = await openSpool({ ...options, secondary: true });
  return { ledger, close: () => spool.close() };
}

/** Opens everything that an operator's commands need; the gateway may be running. */
export async function openForOperator(
  options: Pick<SpoolOptions, 'url' | 'now'>,
): Promise<{ actions: OperatorActions; spool: Spool; ledger: Ledger }> {
  const { now = Date.now } = options;
  const engine = await openEngine({ ...options, secondary: true });
  const calendars = openCalendarCache(engine);
  return {
    actions: createOperatorActions(engine),
    spool: createSpool(engine, calendars, now),
    ledger: createLedger(engine, calendars),
  };
}

async function openEngine({ url, log, secondary = false }: SpoolOptions): Promise<Engine> {
  if (url.startsWith('sqlite:')) {
    return openSqlite({ path: url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), exclusive: !secondary });
  }
  if (/^postgres(?:ql)?:\/\//.test(url)) return openPostgres(url, { secondary, log });
  throw new GatewayError('config-invalid', 'DATABASE_URL must be sqlite:PATH or postgres://…');
}
