// The engine in; out: the operator’s desk over the queues. Gateways that are running hear of a change by NOTIFY, or by
// looking at the version of the SQLite file twice a second.
import type { Engine } from './engine.ts';
import type { QueueDesk } from '../../flow/ports/spool.ts';

export function deskOver(engine: Engine): QueueDesk {
  return {
    list: (filter) => engine.run('listTasks', filter),
    async change(id, change, ledger, now) {
      const task = await engine.run('task', id);
      const changed = await engine.run('changeTask', id, change, ledger, now);
      if (changed === 'changed' && task !== null) engine.announce(new Set([task.queue]));
      return changed;
    },
  };
}
