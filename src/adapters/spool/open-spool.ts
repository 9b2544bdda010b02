// DATABASE_URL in, Spool and Ledger out: the one place that knows which back ends there are.
import { GatewayError } from '../../core/errors.ts';
import { rememberCalendars } from './calendar-cache.ts';
import type { Engine } from './engine.ts';
import { ledgerOver, spoolOver } from './engine-spool.ts';
import type { Log } from '../../flow/ports/log.ts';
import { openPostgres } from './postgres-engine.ts';
import { deskOver } from './operator-actions.ts';
import { openSqlite } from './sqlite-engine.ts';
import type { Ledger, QueueDesk, Spool } from '../../flow/ports/spool.ts';

export interface SpoolOptions {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly url: string;
  readonly log?: Pick<Log, 'warn'>;
  /** A second process beside the gateway (the command line): it takes no lock on an SQLite file and ends no lease. */
  readonly visitor?: boolean;
}

/**
 * Opens the store, made or migrated where needed. Throws `spool-unavailable` where it cannot be written, where another
 * gateway holds the SQLite file, or where a later gateway has written it; `config-invalid` for another kind of URL.
 */
export async function openSpool(options: SpoolOptions): Promise<{ spool: Spool; ledger: Ledger }> {
  const engine = await openEngine(options);
  const calendars = rememberCalendars(engine);
  return { spool: spoolOver(engine, calendars), ledger: ledgerOver(engine, calendars) };
}

/** The ledger alone, beside a gateway that may be running. */
export async function openLedger(options: {
  readonly url: string;
}): Promise<{ ledger: Ledger; close(): Promise<void> }> {
  const { spool, ledger } = await openSpool({ ...options, visitor: true });
  return { ledger, close: () => spool.close() };
}

/** All of it beside a gateway that may be running, for an operator. */
export async function openQueueDesk(options: {
  readonly url: string;
}): Promise<{ desk: QueueDesk; spool: Spool; ledger: Ledger }> {
  const engine = await openEngine({ ...options, visitor: true });
  const calendars = rememberCalendars(engine);
  return { desk: deskOver(engine), spool: spoolOver(engine, calendars), ledger: ledgerOver(engine, calendars) };
}

async function openEngine({ url, log, visitor = false }: SpoolOptions): Promise<Engine> {
  if (url.startsWith('sqlite:')) {
    return openSqlite({ path: url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), exclusive: !visitor });
  }
  if (/^postgres(?:ql)?:\/\//.test(url)) return openPostgres(url, { visitor, log });
  throw new GatewayError('config-invalid', 'DATABASE_URL is neither sqlite:PATH nor postgres://…');
}
