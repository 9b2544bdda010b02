// Notifications of new work between gateways that share a PostgreSQL database. In: the queues with new work; out: calls of
// the listener with the queues in which other gateways created work. NOTIFY is sent outside the transaction, because
// PostgreSQL would serialise the commits of transactions that notify. Lanes are polled every two seconds in case a
// notification is lost with its process. It refuses nothing: a notification that cannot be sent is dropped.
import { Client, type Pool } from 'pg';
import type { Log } from '../../flow/ports/log.ts';
import { type QueueName, QUEUES } from '../../flow/ports/spool.ts';

const channel = 'imip_gateway_work';
const announceMs = 20;
const pollMs = 2000;
const reconnectMs = 1000;

type Listener = (queues: Iterable<QueueName>) => void;

export interface WorkNotifier {
  announce(queues: ReadonlySet<QueueName>): void;
  listen(listener: Listener): void;
  close(): Promise<void>;
}

/** Resolves once the connection listens. Throws the connection's error. */
export async function openWorkNotifier(
  url: string,
  pool: Pool,
  log: Pick<Log, 'warn'> | undefined,
): Promise<WorkNotifier> {
  let onWork: Listener | null = null;
  const listener = await listen(url, log, (queues) => onWork?.(queues));
  const sender = openSender(pool, listener.processId);
  const poll = setInterval(() => void findReadyQueues(pool).then((queues) => onWork?.(queues)), pollMs);
  return {
    announce: sender.announce,
    listen(callback) {
      onWork = callback;
    },
    async close() {
      clearInterval(poll);
      await sender.close();
      await listener.close();
    },
  };
}

/** Sends one notification for all queues announced within a few milliseconds. */
function openSender(
  pool: Pool,
  processId: () => number,
): { announce(queues: Iterable<QueueName>): void; close(): Promise<void> } {
  let announced = new Set<QueueName>();
  let timer: NodeJS.Timeout | null = null;
  const send = async (): Promise<void> => {
    timer = null;
    const payload = [processId(), ...announced].join(' ');
    announced = new Set();
    // If the notification is lost, other gateways find the work when they next poll.
    await pool.query('select pg_notify($1, $2)', [channel, payload]).catch(() => {});
  };
  return {
    announce(queues) {
      for (const queue of queues) announced.add(queue);
      timer ??= setTimeout(() => void send(), announceMs);
    },
    async close() {
      if (timer === null) return;
      clearTimeout(timer);
      await send();
    },
  };
}

/** Listens on a separate connection, which is replaced when it breaks. Ignores notifications of this process itself. */
async function listen(
  url: string,
  log: Pick<Log, 'warn'> | undefined,
  onWork: Listener,
): Promise<{ processId(): number; close(): Promise<void> }> {
  let client: Client | null = null;
  let ownProcessId = 0;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const connect = async (): Promise<void> => {
    const newClient = new Client({ connectionString: url, application_name: 'imip-gateway listener', keepAlive: true });
    newClient.on('error', (error) => {
      log?.warn({ error: error.message }, 'database listener lost its connection, will reconnect');
      scheduleReconnect();
    });
    newClient.on('notification', ({ payload = '' }) => {
      const [from, ...queues] = payload.split(' ');
      if (from !== String(ownProcessId)) onWork(QUEUES.filter((queue) => queues.includes(queue)));
    });
    client = newClient;
    await newClient.connect();
    ownProcessId = (newClient as Client & { processID?: number }).processID ?? 0;
    await newClient.query(`listen ${channel}`);
  };
  const scheduleReconnect = (): void => {
    void client?.end().catch(() => {});
    client = null;
    if (!closed) timer ??= setTimeout(reconnect, reconnectMs);
  };
  const reconnect = (): void => {
    timer = null;
    // Notifications sent in the meantime are lost, so all queues are reported as having work.
    void connect().then(() => onWork(QUEUES), scheduleReconnect);
  };
  await connect();
  return {
    processId: () => ownProcessId,
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}

/** Returns the queues with a lane that is ready according to the database's clock. */
async function findReadyQueues(pool: Pool): Promise<QueueName[]> {
  const ready = `select 1 from lane where lane.queue = q.name and ready_at <= extract(epoch from now()) * 1000`;
  const sql = `select name from unnest($1::text[]) as q(name) where exists (${ready})`;
  const { rows } = await pool.query<{ name: QueueName }>(sql, [QUEUES]).catch(() => ({ rows: [] }));
  return rows.map(({ name }) => name);
}
