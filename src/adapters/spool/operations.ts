// All operations of the spool and the ledger by name. In: a dialect; out: the operations that an engine can run. `writes`
// and `needsFsync` classify them. It refuses nothing.
import * as operator from './operator-queries.ts';
import * as hold from './hold-queries.ts';
import * as ledger from './ledger-queries.ts';
import type { Dialect, Operation } from './operation.ts';
import * as queue from './queue-queries.ts';
import type { Changes, ClaimOptions, Lease, LedgerWrite, TaskChange } from '../../flow/ports/spool.ts';

export function bindOperations(dialect: Dialect) {
  return {
    put: queue.put,
    claim: (name: Lease['queue'], options: ClaimOptions) => queue.claim(dialect, name, options),
    renew: queue.renew,
    commit: (lease: Lease, changes: Changes, at: number) => queue.commit(dialect, lease, changes, at),
    wake: (waitsFor: string, limit: number, now: number) => queue.wake(dialect, waitsFor, limit, now),
    release: hold.release,
    drop: (ids: readonly string[], notes: readonly LedgerWrite[], at: number) => hold.drop(dialect, ids, notes, at),
    pruneTasks: (before: number, limit: number) => queue.pruneTasks(dialect, before, limit),
    pruneLedger: ledger.pruneLedger,
    freeAllLanes: queue.freeAllLanes,
    probe: queue.probe,
    nextDue: queue.findNextDue,
    task: queue.findTask,
    held: hold.findHeld,
    heldBefore: (reasons: readonly string[], before: number, limit: number) =>
      hold.findHeldBefore(dialect, reasons, before, limit),
    status: queue.countTasks,
    listTasks: operator.listTasks,
    changeTask: (id: string, change: TaskChange, notes: readonly LedgerWrite[], now: number) =>
      operator.changeTask(dialect, id, change, notes, now),
    copyContext: (ownerKey: string, uid: string, attendeeKeys: readonly string[] | null) =>
      ledger.loadCopyContext(dialect, ownerKey, uid, attendeeKeys),
    calendars: (digests: readonly string[]) => ledger.loadCalendars(dialect, digests),
    mailing: ledger.findMailing,
    firstMailing: ledger.findFirstMailing,
    replyPair: ledger.findReplyPair,
    aliases: ledger.listAliases,
    attendeesWithAlias: ledger.listAttendeesWithAlias,
    suppressed: ledger.findSuppression,
    newRecipients: ledger.countNewRecipients,
    marked: ledger.isMarked,
    entries: ledger.listEntries,
    recent: ledger.listRecent,
  };
}

export type Operations = ReturnType<typeof bindOperations>;
export type OperationName = keyof Operations;
export type Arguments<N extends OperationName> = Parameters<Operations[N]>;
export type Result<N extends OperationName> = ReturnType<Operations[N]> extends Operation<infer T> ? T : never;

/** Operations that only read. */
const reads: ReadonlySet<OperationName> = new Set([
  'nextDue',
  'task',
  'held',
  'heldBefore',
  'status',
  'listTasks',
  'copyContext',
  'calendars',
  'mailing',
  'firstMailing',
  'replyPair',
  'aliases',
  'attendeesWithAlias',
  'suppressed',
  'newRecipients',
  'marked',
  'entries',
  'recent',
] satisfies OperationName[]);

export function writes(name: OperationName): boolean {
  return !reads.has(name);
}

/** Operations whose writes need not survive a power cut, because it ends every lease anyway. */
const leases: ReadonlySet<OperationName> = new Set(['claim', 'renew'] satisfies OperationName[]);

/** Returns whether the operation must be on disk before its result is returned. */
export function needsFsync(name: OperationName): boolean {
  return writes(name) && !leases.has(name);
}

/** Returns the operation with its arguments; a driver runs it. */
export function startOperation(
  operations: Operations,
  name: OperationName,
  args: readonly unknown[],
): Operation<unknown> {
  return (operations[name] as (...args: readonly unknown[]) => Operation<unknown>)(...args);
}
