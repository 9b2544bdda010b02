// The Spool and Ledger ports, implemented on an engine of either back end. In: an engine, the calendar cache and a clock;
// out: the two ports. It adds the current time to operations, the calendar texts to results, and notifies listeners of new work.
// It refuses what the engine refuses.
import { GatewayError } from '../../core/errors.ts';
import type { CalendarCache } from './calendar-cache.ts';
import type { Engine } from './engine.ts';
import { type Ledger, type QueueName, QUEUES, type Spool } from '../../flow/ports/spool.ts';

const pruneBatch = 500;

export function createSpool(engine: Engine, calendars: CalendarCache, now: () => number): Spool {
  const work = openNotifier(engine);
  return {
    async put(tasks, ledger = []) {
      await engine.run('put', tasks, ledger);
      work.notify(tasks.map(({ queue }) => queue));
    },
    async claim(queue, options) {
      const batches = await engine.run('claim', queue, options);
      const withCalendars = await calendars.addCalendars(batches.flatMap(({ tasks }) => tasks));
      let at = 0;
      return batches.map(({ lease, tasks }) => ({ lease, tasks: withCalendars.slice(at, (at += tasks.length)) }));
    },
    renew: (lease, leaseMs, at) => engine.run('renew', lease, leaseMs, at),
    async commit(lease, changes) {
      const kept = await engine.run('commit', lease, changes, now());
      if (kept) work.notify([lease.queue, ...(changes.add ?? []).map(({ queue }) => queue)]);
      return kept;
    },
    async wake(waitsFor, limit, at) {
      const queues = await engine.run('wake', waitsFor, limit, at);
      work.notify(queues);
      return queues.length;
    },
    onWork: work.subscribe,
    nextDue: (queue) => engine.run('nextDue', queue),
    async task(id) {
      const task = await engine.run('task', id);
      return task === null ? null : ((await calendars.addCalendars([task]))[0] ?? null);
    },
    held: async (key) => calendars.addCalendars(await engine.run('held', key)),
    heldBefore: async (reasons, before, limit) =>
      calendars.addCalendars(await engine.run('heldBefore', reasons, before, limit)),
    async release(tasks, ledger = []) {
      const released = await engine.run('release', tasks, ledger);
      work.notify(released.map(({ queue }) => queue));
      return released.map(({ id }) => id);
    },
    drop: (ids, ledger = []) => engine.run('drop', ids, ledger, now()),
    status: () => engine.run('status'),
    prune: (before, ledgerBefore) => prune(engine, before, ledgerBefore),
    async probe() {
      if (!(await engine.run('probe', now()))) {
        throw new GatewayError('spool-unavailable', 'the database did not return the value just written', {
          temporary: true,
        });
      }
    },
    close: () => engine.close(),
  };
}

export function createLedger(engine: Engine, calendars: CalendarCache): Ledger {
  return {
    async copyContext(ownerKey, uid, attendeeKeys) {
      const rows = await engine.run('copyContext', ownerKey, uid, attendeeKeys);
      const withCalendars = await calendars.addCalendars(rows.mailings);
      const mailings = withCalendars.map(({ calendar, ...mailing }) => ({ ...mailing, calendar: calendar ?? '' }));
      return { place: rows.place, applied: rows.applied, mailings };
    },
    replyPair: (id) => engine.run('replyPair', id),
    mailing: (id) => engine.run('mailing', id),
    firstMailing: (ownerKey, uid) => engine.run('firstMailing', ownerKey, uid),
    aliases: (organizerKey, attendeeKey) => engine.run('aliases', organizerKey, attendeeKey),
    attendeesWithAlias: (organizerKey, alias) => engine.run('attendeesWithAlias', organizerKey, alias),
    suppressed: (organizerKey, recipientKey) => engine.run('suppressed', organizerKey, recipientKey),
    newRecipients: (organizerKey, recipientKey, windows) =>
      engine.run('newRecipients', organizerKey, recipientKey, windows),
    marked: (mark) => engine.run('marked', mark),
    entries: (subject, limit) => engine.run('entries', subject, limit),
    recent: (limit) => engine.run('recent', limit),
  };
}

/** Deletes in small transactions, so that other operations do not wait long. */
async function prune(engine: Engine, before: number, ledgerBefore: number): Promise<number> {
  let total = 0;
  for (const [name, time] of [['pruneTasks', before] as const, ['pruneLedger', ledgerBefore] as const]) {
    for (let count = Infinity; count >= pruneBatch; total += count) {
      count = await engine.run(name, time, pruneBatch);
    }
  }
  return total;
}

/** Calls the listeners of a queue at most once per turn of the event loop, however many tasks are new. */
function openNotifier(engine: Engine): {
  notify(queues: Iterable<QueueName>): void;
  subscribe(queue: QueueName, listener: () => void): () => void;
} {
  const listeners = new Map<QueueName, Set<() => void>>(QUEUES.map((queue) => [queue, new Set()]));
  let pending = new Set<QueueName>();
  const call = (queues: Iterable<QueueName>): void => {
    for (const queue of queues) for (const listener of listeners.get(queue) ?? []) listener();
  };
  engine.onExternalWork(call);
  return {
    notify(queues) {
      const scheduled = pending.size > 0;
      for (const queue of queues) pending.add(queue);
      if (scheduled || pending.size === 0) return;
      setImmediate(() => {
        const notified = pending;
        pending = new Set();
        engine.announce(notified);
        call(notified);
      });
    },
    subscribe(queue, listener) {
      listeners.get(queue)?.add(listener);
      return () => listeners.get(queue)?.delete(listener);
    },
  };
}
