// How gateways that share a PostgreSQL tell each other of work: NOTIFY outside of the transactions that made it (inside,
// PostgreSQL would commit them one by one), and a look at the lanes now and then, should a notice be lost with a process.
import { Client, type Pool } from 'pg';
import type { Log } from '../../flow/ports/log.ts';
import { queueNames } from './queue-queries.ts';
import type { QueueName } from '../../flow/ports/spool.ts';

const channel = 'imip_gateway_work';
const announceMs = 20;
const lookMs = 2000;
const reconnectMs = 1000;

type Listener = (queues: Iterable<QueueName>) => void;

export interface WorkWatch {
  announce(queues: ReadonlySet<QueueName>): void;
  listen(listener: Listener): void;
  close(): Promise<void>;
}

/** Resolves once it listens. Throws what the connection throws. */
export async function watchWork(url: string, pool: Pool, log: Pick<Log, 'warn'> | undefined): Promise<WorkWatch> {
  let heard: Listener | null = null;
  const ears = await listen(url, log, (queues) => heard?.(queues));
  const voice = speak(pool, ears.processId);
  const look = setInterval(() => void lookForWork(pool).then((queues) => heard?.(queues)), lookMs);
  return {
    announce: voice.announce,
    listen(listener) {
      heard = listener;
    },
    async close() {
      clearInterval(look);
      await voice.close();
      await ears.close();
    },
  };
}

/** One notice for all that was put within a few milliseconds. */
function speak(
  pool: Pool,
  processId: () => number,
): { announce(queues: Iterable<QueueName>): void; close(): Promise<void> } {
  let fresh = new Set<QueueName>();
  let timer: NodeJS.Timeout | null = null;
  const send = async (): Promise<void> => {
    timer = null;
    const payload = [processId(), ...fresh].join(' ');
    fresh = new Set();
    // Lost, the notice costs others at most the wait for their next look.
    await pool.query('select pg_notify($1, $2)', [channel, payload]).catch(() => {});
  };
  return {
    announce(queues) {
      for (const queue of queues) fresh.add(queue);
      timer ??= setTimeout(() => void send(), announceMs);
    },
    async close() {
      if (timer === null) return;
      clearTimeout(timer);
      await send();
    },
  };
}

/** A connection of its own that listens, made again when it breaks. Its own process's notices are not news. */
async function listen(
  url: string,
  log: Pick<Log, 'warn'> | undefined,
  hear: Listener,
): Promise<{ processId(): number; close(): Promise<void> }> {
  let client: Client | null = null;
  let own = 0;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const connect = async (): Promise<void> => {
    const fresh = new Client({ connectionString: url, application_name: 'imip-gateway listener', keepAlive: true });
    fresh.on('error', (error) => {
      log?.warn({ error: error.message }, 'database listener lost');
      again();
    });
    fresh.on('notification', ({ payload = '' }) => {
      const [from, ...queues] = payload.split(' ');
      if (from !== String(own)) hear(queueNames.filter((queue) => queues.includes(queue)));
    });
    client = fresh;
    await fresh.connect();
    own = (fresh as Client & { processID?: number }).processID ?? 0;
    await fresh.query(`listen ${channel}`);
  };
  const again = (): void => {
    void client?.end().catch(() => {});
    client = null;
    if (!closed) timer ??= setTimeout(reconnect, reconnectMs);
  };
  const reconnect = (): void => {
    timer = null;
    // What was announced meanwhile went unheard.
    void connect().then(() => hear(queueNames), again);
  };
  await connect();
  return {
    processId: () => own,
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}

/** Queues with a lane that is ready by the database's clock. */
async function lookForWork(pool: Pool): Promise<QueueName[]> {
  const ready = `select 1 from lane where lane.queue = q.name and ready_at <= extract(epoch from now()) * 1000`;
  const sql = `select name from unnest($1::text[]) as q(name) where exists (${ready})`;
  const { rows } = await pool.query<{ name: QueueName }>(sql, [queueNames]).catch(() => ({ rows: [] }));
  return rows.map(({ name }) => name);
}
