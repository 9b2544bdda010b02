// The ports of the database: Spool holds work that was acknowledged, Ledger holds its outcomes. All times are
// milliseconds since 1970.
//
// Work is a task in a lane of a queue, and one process at a time works on a lane. `claim` returns its due tasks with a
// lease. `commit` ends these tasks, adds new ones and writes the ledger in one transaction, provided that the lease's
// fencing token is still the lane's. So all answers to one event come as one batch, mails of one (uid, recipient) stay
// in order, and a process that has lost its lease writes nothing.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { AppliedAnswer, MailedRevision } from '../../core/itip/types.ts';
import type { Reason, Verdict } from '../../core/reasons.ts';

/**
 * `incoming`: received mails, one lane per mail. `event`: changes of a copy, one lane per (owner, uid). `question`:
 * decision requests, one lane per owner. `invitation` (schedule messages) and `outgoing` (composed mails) are FIFO
 * queues with one lane per (uid, recipient).
 */
export const QUEUES = ['incoming', 'event', 'question', 'invitation', 'outgoing'] as const;

export type QueueName = (typeof QUEUES)[number];

export interface NewTask {
  readonly id: string;
  readonly queue: QueueName;
  readonly lane: string;
  /** JSON, without the calendar. */
  readonly body: string;
  /** The bytes of a mail, or null. */
  readonly raw: Uint8Array | null;
  /** Stored once for all tasks that share it, such as the callbacks for the attendees of one event. */
  readonly calendar?: string | null;
  readonly dueAt: number;
  readonly createdAt: number;
}

export interface Task extends NewTask {
  /** How often the task has been put back. */
  readonly attempts: number;
  readonly lastError: string | null;
}

export interface Lease {
  readonly queue: QueueName;
  readonly lane: string;
  /** The fencing token: higher for each worker that takes the lane over. */
  readonly fence: number;
}

/** The due tasks of one lane, oldest first. In a FIFO queue the batch ends before the first task that is not due. */
export interface Batch {
  readonly lease: Lease;
  readonly tasks: readonly Task[];
}

export interface Changes {
  /** Ids of ended tasks. Their raw bytes may be pruned later; the ledger keeps the outcome. */
  readonly done?: readonly string[];
  readonly retry?: readonly TaskRetry[];
  /** Held for a person's decision. One decision covers all tasks held under the same `key`. */
  readonly hold?: readonly { readonly id: string; readonly reason: TaskHoldReason; readonly key: string }[];
  readonly add?: readonly NewTask[];
  readonly ledger?: readonly LedgerWrite[];
}

export interface TaskRetry {
  readonly id: string;
  readonly dueAt: number;
  readonly error: string;
  /** The back end that is unreachable: `wake` makes the task due when that back end has recovered. */
  readonly waitsFor?: string | null;
}

export interface ClaimOptions {
  readonly lanes: number;
  readonly perLane: number;
  readonly leaseMs: number;
  readonly longestWaitMs: number;
  readonly now: number;
}

export interface QueueStatus {
  readonly queue: QueueName;
  readonly waiting: number;
  readonly held: number;
  /** createdAt of the oldest waiting task; null: no task waits. */
  readonly oldest: number | null;
}

export interface Spool {
  /**
   * The tasks are durable (fsync) when it resolves. Idempotent: a task whose id is known is not changed. Throws
   * GatewayError `spool-full` or `spool-unavailable`, both temporary.
   */
  put(tasks: readonly NewTask[], ledger?: readonly LedgerWrite[]): Promise<void>;
  /**
   * Leases up to `lanes` lanes for `leaseMs` and returns up to `perLane` due tasks of each. No task is put back for
   * longer than `longestWaitMs`; a due time further ahead means that the clock was set back, and counts as due. A lease
   * that is renewed is never taken over, even after a clock jump.
   */
  claim(queue: QueueName, options: ClaimOptions): Promise<Batch[]>;
  /** Extends the lease; false: it is lost. */
  renew(lease: Lease, leaseMs: number, now: number): Promise<boolean>;
  /** One transaction, which also frees the lane. False: the lease is lost and nothing was written. */
  commit(lease: Lease, changes: Changes): Promise<boolean>;
  /** Makes due up to `limit` of the tasks that wait for that back end, oldest first; returns how many. */
  wake(waitsFor: string, limit: number, now: number): Promise<number>;
  /**
   * Calls back when tasks may have become due in that queue, even if another process put or committed them. Returns the
   * function that unsubscribes.
   */
  onWork(queue: QueueName, listener: () => void): () => void;
  /** When a lane can next be claimed: a task of a free lane becomes due, or a lease expires. null: no task waits. */
  nextDue(queue: QueueName): Promise<number | null>;
  task(id: string): Promise<(Task & { readonly state: 'waiting' | 'held' | 'done' }) | null>;
  /** The tasks held under that key, oldest first. */
  held(key: string): Promise<Task[]>;
  /** The tasks that are held for one of these reasons and were created before `before`, oldest first. */
  heldBefore(reasons: readonly TaskHoldReason[], before: number, limit: number): Promise<Task[]>;
  /**
   * Makes held tasks wait again, each with a new body and no attempts; returns the ids of those that were still held.
   * If there are none, the ledger is not written, so that the second of two concurrent decisions has no effect.
   */
  release(
    tasks: readonly { readonly id: string; readonly body: string; readonly dueAt: number }[],
    ledger?: readonly LedgerWrite[],
  ): Promise<string[]>;
  /** Ends held tasks; returns the ids of those that were still held. If there are none, the ledger is not written. */
  drop(ids: readonly string[], ledger?: readonly LedgerWrite[]): Promise<string[]>;
  status(): Promise<QueueStatus[]>;
  /**
   * Deletes tasks that ended before `before`, with their bytes, and ledger entries from before `ledgerBefore`; returns
   * how many rows it deleted.
   */
  prune(before: number, ledgerBefore: number): Promise<number>;
  /** Writes to the disk; throws if that fails. For the readiness check. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** A task as an operator sees it, without its bytes. */
export interface QueuedTask extends Omit<Task, 'raw'> {
  readonly state: 'waiting' | 'held';
  /** The key under which it is held; null while it waits. */
  readonly heldFor: string | null;
}

/** `retry`: due now, with no attempts counted. `hold`: held until it is retried or dropped. `drop`: ended. */
export type TaskChange = 'retry' | 'hold' | 'drop';

/** `under-way`: a gateway is working on the lane of the task. `held`, `ended`: the task already is. */
export type TaskChangeResult = 'changed' | 'unknown' | 'under-way' | 'held' | 'ended';

/** The operator's actions on the queues (`imip-gateway queue`). */
export interface OperatorActions {
  /** Waiting and held tasks, oldest first. A filter that is null matches all tasks. */
  list(filter: {
    readonly queue: QueueName | null;
    readonly state: QueuedTask['state'] | null;
    readonly limit: number;
  }): Promise<QueuedTask[]>;
  /** One transaction; the ledger is written only if the task is changed. */
  change(id: string, change: TaskChange, ledger: readonly LedgerWrite[], now: number): Promise<TaskChangeResult>;
}

/** Why a task is held: for the organizer, by the operator, or because it failed too often. */
export type TaskHoldReason = Reason | `failed: ${ErrorCode}`;

/** One line of the ledger: one outcome of a task, and why. */
export interface LedgerEntry {
  readonly at: number;
  /** The task that the entry is about. */
  readonly taskId: string;
  /** The first record of the chain (mail, click, callback). Several entries share it. */
  readonly recordId: string;
  readonly door: string;
  readonly messageId: string | null;
  /** An address key; `attendee` is one as well. */
  readonly organizer: string | null;
  readonly uid: string | null;
  readonly recurrenceId: string | null;
  readonly attendee: string | null;
  readonly verdict: Verdict;
  /** A Reason of this or another version of the gateway, shown verbatim. */
  readonly reason: string;
  /** One sentence for the operator. */
  readonly detail: string;
}

/** An entry to write. */
export interface NewEntry extends LedgerEntry {
  readonly reason: Reason;
}

/** One mail about a copy to one recipient. */
export interface Mailing extends MailedRevision {
  /** Our own id of the mail, which is part of its bounce address. */
  readonly id: string;
  /** The calendar user in whose name it was mailed: the organizer, or the attendee of a REPLY. */
  readonly ownerKey: string;
  readonly uid: string;
  readonly recipientKey: string;
  readonly messageId: string;
  /**
   * Fingerprint of the content that matters to this recipient. A message with the same fingerprint is not mailed again.
   */
  readonly fingerprint: string;
  /** ORGANIZER in the mail. It never changes while the event exists. */
  readonly organizerAsMailed: string;
}

/** The organizer and the attendee for whom a reply address was made. */
export interface ReplyPair {
  readonly id: string;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
}

/** Where a copy is stored. */
export interface CopyPlace {
  readonly ownerKey: string;
  readonly uid: string;
  readonly href: string | null;
}

export type LedgerWrite =
  | { readonly kind: 'entry'; readonly entry: NewEntry }
  /** Replaces the answer for the same (owner, uid, attendee, recurrenceId). */
  | { readonly kind: 'applied'; readonly ownerKey: string; readonly uid: string; readonly answer: AppliedAnswer }
  | { readonly kind: 'place'; readonly place: CopyPlace }
  /** Idempotent: a known id is not changed. */
  | { readonly kind: 'mailing'; readonly mailing: Mailing }
  /** Idempotent: a known id is not changed. */
  | { readonly kind: 'reply-pair'; readonly pair: ReplyPair }
  | { readonly kind: 'alias'; readonly organizerKey: string; readonly attendeeKey: string; readonly alias: string }
  /** Mail from that owner to that recipient bounced: only a new invitation is mailed, which ends the suppression. */
  | {
      readonly kind: 'suppress';
      readonly ownerKey: string;
      readonly recipientKey: string;
      readonly reason: string;
      readonly at: number;
    }
  | { readonly kind: 'unsuppress'; readonly ownerKey: string; readonly recipientKey: string }
  /** Records something that must be done only once, such as forwarding a letter; see `Ledger.marked`. */
  | { readonly kind: 'mark'; readonly mark: string; readonly at: number };

export interface CopyContext {
  readonly place: CopyPlace | null;
  readonly applied: readonly AppliedAnswer[];
  readonly mailings: readonly Mailing[];
}

export interface Ledger {
  /** The data of the ledger about one copy and these attendees (null: all). `mailings` are oldest first. */
  copyContext(ownerKey: string, uid: string, attendeeKeys: readonly string[] | null): Promise<CopyContext>;
  replyPair(id: string): Promise<ReplyPair | null>;
  mailing(id: string): Promise<Mailing | null>;
  /** The first mail about that copy, to any recipient. */
  firstMailing(ownerKey: string, uid: string): Promise<Mailing | null>;
  /** Addresses that the organizer has confirmed as this attendee's. */
  aliases(organizerKey: string, attendeeKey: string): Promise<string[]>;
  /** Address keys of the attendees for whom the organizer has confirmed this address. */
  attendeesWithAlias(organizerKey: string, alias: string): Promise<string[]>;
  /** The diagnostic of the bounce for which mail to this recipient is suppressed; null: it is not suppressed. */
  suppressed(ownerKey: string, recipientKey: string): Promise<string | null>;
  /**
   * For each window, from `since` to just before `until`: how many recipients the owner mailed for the first time in
   * it. null: the owner has mailed this recipient before.
   */
  newRecipients(
    ownerKey: string,
    recipientKey: string,
    windows: readonly { readonly since: number; readonly until: number }[],
  ): Promise<readonly number[] | null>;
  /** Whether that mark has been written. */
  marked(mark: string): Promise<boolean>;
  /**
   * The newest `limit` entries with `subject` as record, task, Message-ID, UID, organizer or attendee, oldest first.
   */
  entries(subject: string, limit: number): Promise<LedgerEntry[]>;
  /** The newest entries, oldest first. */
  recent(limit: number): Promise<LedgerEntry[]>;
}
