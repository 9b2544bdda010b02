// Spool and Ledger over an engine, the same for every back end: it names operations, gives them the time, tells
// listeners of work and puts calendars back into mailings.
import { GatewayError } from '../../core/errors.ts';
import type { CalendarMemory } from './calendar-cache.ts';
import type { Engine } from './engine.ts';
import { queueNames } from './queue-queries.ts';
import type { Ledger, QueueName, Spool } from '../../flow/ports/spool.ts';

const pruneAtOnce = 500;

export function spoolOver(engine: Engine, calendars: CalendarMemory): Spool {
  const work = announcer(engine);
  return {
    async put(tasks, ledger = []) {
      await engine.run('put', tasks, ledger);
      work.found(tasks.map(({ queue }) => queue));
    },
    async claim(queue, options) {
      const batches = await engine.run('claim', queue, options);
      const recalled = await calendars.recall(batches.flatMap(({ tasks }) => tasks));
      let at = 0;
      return batches.map(({ lease, tasks }) => ({ lease, tasks: recalled.slice(at, (at += tasks.length)) }));
    },
    renew: (lease, leaseMs, now) => engine.run('renew', lease, leaseMs, now),
    async commit(lease, changes) {
      const kept = await engine.run('commit', lease, changes, Date.now());
      if (kept) work.found([lease.queue, ...(changes.add ?? []).map(({ queue }) => queue)]);
      return kept;
    },
    async wake(waitsFor, limit, now) {
      const queues = await engine.run('wake', waitsFor, limit, now);
      work.found(queues);
      return queues.length;
    },
    onWork: work.listen,
    nextDue: (queue) => engine.run('nextDue', queue),
    async task(id) {
      const task = await engine.run('task', id);
      return task === null ? null : ((await calendars.recall([task]))[0] ?? null);
    },
    held: async (key) => calendars.recall(await engine.run('held', key)),
    heldBefore: async (reasons, before, limit) =>
      calendars.recall(await engine.run('heldBefore', reasons, before, limit)),
    async release(tasks, ledger = []) {
      const released = await engine.run('release', tasks, ledger);
      work.found(released.map(({ queue }) => queue));
      return released.map(({ id }) => id);
    },
    drop: (ids, ledger = []) => engine.run('drop', ids, ledger, Date.now()),
    status: () => engine.run('status'),
    prune: (before, ledgerBefore) => prune(engine, before, ledgerBefore),
    async probe() {
      if (!(await engine.run('probe', Date.now()))) {
        throw new GatewayError('spool-unavailable', 'the database did not give back what was written', {
          temporary: true,
        });
      }
    },
    close: () => engine.close(),
  };
}

export function ledgerOver(engine: Engine, calendars: CalendarMemory): Ledger {
  return {
    async eventContext(organizerKey, uid, attendeeKeys) {
      const brief = await engine.run('eventContext', organizerKey, uid, attendeeKeys);
      const recalled = await calendars.recall(brief.mailings);
      const mailings = recalled.map(({ calendar, ...mailing }) => ({ ...mailing, calendar: calendar ?? '' }));
      return { event: brief.event, applied: brief.applied, mailings };
    },
    replyPair: (id) => engine.run('replyPair', id),
    mailing: (messageId) => engine.run('mailing', messageId),
    aliases: (organizerKey, attendeeKey) => engine.run('aliases', organizerKey, attendeeKey),
    suppressed: (organizerKey, recipientKey) => engine.run('suppressed', organizerKey, recipientKey),
    newRecipients: (organizerKey, recipientKey, windows) =>
      engine.run('newRecipients', organizerKey, recipientKey, windows),
    marked: (mark) => engine.run('marked', mark),
    entries: (subject, limit) => engine.run('entries', subject, limit),
    recent: (limit) => engine.run('recent', limit),
  };
}

/** In small transactions, so that nobody waits for long. */
async function prune(engine: Engine, before: number, ledgerBefore: number): Promise<number> {
  let total = 0;
  for (const [name, time] of [['pruneTasks', before] as const, ['pruneLedger', ledgerBefore] as const]) {
    for (let count = Infinity; count >= pruneAtOnce; total += count) {
      count = await engine.run(name, time, pruneAtOnce);
    }
  }
  return total;
}

/** Listeners are called once per turn of the event loop and queue, however many tasks came. */
function announcer(engine: Engine): {
  found(queues: Iterable<QueueName>): void;
  listen(queue: QueueName, listener: () => void): () => void;
} {
  const listeners = new Map<QueueName, Set<() => void>>(queueNames.map((queue) => [queue, new Set()]));
  let fresh = new Set<QueueName>();
  const call = (queues: Iterable<QueueName>): void => {
    for (const queue of queues) for (const listener of listeners.get(queue) ?? []) listener();
  };
  engine.onForeignWork(call);
  return {
    found(queues) {
      const scheduled = fresh.size > 0;
      for (const queue of queues) fresh.add(queue);
      if (scheduled || fresh.size === 0) return;
      setImmediate(() => {
        const found = fresh;
        fresh = new Set();
        engine.announce(found);
        call(found);
      });
    },
    listen(queue, listener) {
      listeners.get(queue)?.add(listener);
      return () => listeners.get(queue)?.delete(listener);
    },
  };
}
