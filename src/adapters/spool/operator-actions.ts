// The port OperatorActions, implemented on an engine. In: an engine; out: actions that list tasks and change one. Running
// gateways notice a change through NOTIFY, or by checking the version of the SQLite file twice a second. It refuses what
// the engine refuses.
import type { Engine } from './engine.ts';
import type { OperatorActions } from '../../flow/ports/spool.ts';

export function createOperatorActions(engine: Engine): OperatorActions {
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
