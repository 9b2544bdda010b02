// Spool (work that was acknowledged) and Ledger (what became of it), behind which SQLite and PostgreSQL stand.
//
// Work is a task in a lane of a queue. A lane is worked by one process at a time: `claim` gives its due tasks together
// with a lease; `commit` ends them, adds what follows from them and writes the ledger in one transaction that counts
// only while the lease's fence is still the lane's. So answers waiting for one event come as one batch, mails of one
// (uid, recipient) stay in order, and a process that lost its lease can do no harm.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { AppliedAnswer, MailedRevision } from '../../core/itip/types.ts';
import type { Reason, Verdict } from '../../core/reasons.ts';

/**
 * `incoming`: received mails, a lane each. `event`: what changes a copy, a lane per (owner, uid). `question`: decisions to
 * ask for, a lane per owner. `invitation`: schedule messages, and `outgoing`: composed mails, a lane per (uid, recipient),
 * strictly first in, first out.
 */
export type QueueName = 'incoming' | 'event' | 'question' | 'invitation' | 'outgoing';

export interface NewTask {
  readonly id: string;
  readonly queue: QueueName;
  readonly lane: string;
  /** JSON. */
  readonly body: string;
  /** Bytes that belong to it (a mail), or null. */
  readonly raw: Uint8Array | null;
  /** A text that many tasks have in common, as what is posted for each attendee of an event: it is kept once. */
  readonly calendar?: string | null;
  readonly dueAt: number;
  readonly createdAt: number;
}

export interface Task extends NewTask {
  /** How often it has been put back. */
  readonly attempts: number;
  readonly lastError: string | null;
}

export interface Lease {
  readonly queue: QueueName;
  readonly lane: string;
  readonly fence: number;
}

/** One lane's due tasks, oldest first; in an ordered queue nothing behind a task that is not due yet. */
export interface Batch {
  readonly lease: Lease;
  readonly tasks: readonly Task[];
}

export interface Changes {
  /** Ended: the task's raw bytes may be pruned later, what became of it is in the ledger. */
  readonly done?: readonly string[];
  readonly retry?: readonly TaskRetry[];
  /** Kept for a person's decision. `key` groups what one decision covers. */
  readonly hold?: readonly { readonly id: string; readonly reason: TaskHoldReason; readonly key: string }[];
  readonly add?: readonly NewTask[];
  readonly ledger?: readonly LedgerWrite[];
}

export interface TaskRetry {
  readonly id: string;
  readonly dueAt: number;
  readonly error: string;
  /** Who is away: `wake` makes it due when they are back. */
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
  /** createdAt of the oldest waiting task, null where none waits. */
  readonly oldest: number | null;
}

export interface Spool {
  /** Durable when it resolves (fsync). Throws `spool-full` (temporary) or `spool-unavailable` (temporary). A known id is left as it is. */
  put(tasks: readonly NewTask[], ledger?: readonly LedgerWrite[]): Promise<void>;
  /**
   * Up to `lanes` lanes with due tasks, each with up to `perLane` of them, leased for `leaseMs`. What is due later than in
   * `longestWaitMs` is due: no due time is made so late, so the clock has been set back since. However the clock was set,
   * a lease is taken over only from a worker that does not renew it.
   */
  claim(queue: QueueName, options: ClaimOptions): Promise<Batch[]>;
  /** More time for a lane; false: it was lost. */
  renew(lease: Lease, leaseMs: number, now: number): Promise<boolean>;
  /** One transaction; the lane is free afterwards. False: the lease was lost, nothing was written. */
  commit(lease: Lease, changes: Changes): Promise<boolean>;
  /** Makes due what waits for them, the oldest first, at most `limit` tasks; says how many. */
  wake(waitsFor: string, limit: number, now: number): Promise<number>;
  /** Calls back when tasks may have become due in that queue (put or committed here, or by another process). */
  onWork(queue: QueueName, listener: () => void): () => void;
  /** When a lane can next be claimed: a waiting task of a free lane is due, or a lease runs out; null: none waits. */
  nextDue(queue: QueueName): Promise<number | null>;
  task(id: string): Promise<(Task & { readonly state: 'waiting' | 'held' | 'done' }) | null>;
  held(key: string): Promise<Task[]>;
  /** What is held for one of these reasons and came before `before`, oldest first. */
  heldBefore(reasons: readonly TaskHoldReason[], before: number, limit: number): Promise<Task[]>;
  /**
   * Puts held tasks back to work as if never tried, with a new body each. Those no longer held are left alone; says which were released.
   * Where it was none, the ledger is not written: of two decisions at once the second leaves no trace.
   */
  release(
    tasks: readonly { readonly id: string; readonly body: string; readonly dueAt: number }[],
    ledger?: readonly LedgerWrite[],
  ): Promise<string[]>;
  /** Ends held tasks; as with `release`, none means that nothing is written. */
  drop(ids: readonly string[], ledger?: readonly LedgerWrite[]): Promise<string[]>;
  status(): Promise<QueueStatus[]>;
  /** Deletes raw bytes and tasks ended before `before`; reasons stay until `ledgerBefore`. */
  prune(before: number, ledgerBefore: number): Promise<number>;
  /** A write to disk and back: throws where it fails. For readiness. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** A task as an operator sees it, without its bytes. */
export interface QueuedTask extends Omit<Task, 'raw'> {
  readonly state: 'waiting' | 'held';
  /** The key under which it is held; null while it waits. */
  readonly heldFor: string | null;
}

/** `retry`: due now, all its tries before it. `hold`: kept until it is retried or dropped. `drop`: ended. */
export type TaskChange = 'retry' | 'hold' | 'drop';

/** `under-way`: somebody works its lane at this moment. `held`, `ended`: it was that already. */
export type TaskChangeResult = 'changed' | 'unknown' | 'under-way' | 'held' | 'ended';

/** The queues in an operator's hands. */
export interface OperatorActions {
  /** What waits and what is held, oldest first; null: all of it. */
  list(filter: {
    readonly queue: QueueName | null;
    readonly state: QueuedTask['state'] | null;
    readonly limit: number;
  }): Promise<QueuedTask[]>;
  /** One transaction; the ledger is written only where the task is changed. */
  change(id: string, change: TaskChange, ledger: readonly LedgerWrite[], now: number): Promise<TaskChangeResult>;
}

/** Why a task is held: for the organizer, by the operator, or since its handler failed too often. */
export type TaskHoldReason = Reason | `failed: ${ErrorCode}`;

/** One line of the ledger: what became of one thing, and why. */
export interface LedgerEntry {
  readonly at: number;
  /** The task it was about. */
  readonly taskId: string;
  /** The record (mail, click, callback) that began it all; several entries share it. */
  readonly recordId: string;
  readonly door: string;
  readonly messageId: string | null;
  readonly organizer: string | null;
  readonly uid: string | null;
  readonly recurrenceId: string | null;
  readonly attendee: string | null;
  readonly verdict: Verdict;
  /** A Reason, or one of another version of the gateway: shown as it is. */
  readonly reason: string;
  /** One sentence for a person. */
  readonly detail: string;
}

/** One line that is to be written. */
export interface NewEntry extends LedgerEntry {
  readonly reason: Reason;
}

/** One mail about a copy to one recipient. */
export interface Mailing extends MailedRevision {
  /** Our own id of the mail, which its bounce address carries. */
  readonly id: string;
  /** In whose name it was mailed: the organizer, or the attendee of a REPLY. */
  readonly ownerKey: string;
  readonly uid: string;
  readonly recipientKey: string;
  readonly messageId: string;
  /** Of what this recipient was told, without what does not matter: an equal one is not mailed again. */
  readonly fingerprint: string;
  /** ORGANIZER as this recipient saw it: it never changes while the event lives. */
  readonly organizerAsMailed: string;
  /** The calendar before it was rewritten for mail: what "what changed" compares with. */
  readonly calendar: string;
}

/** A reply address's meaning. */
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
  /** Replaces the one for the same (owner, uid, attendee, recurrenceId). */
  | { readonly kind: 'applied'; readonly ownerKey: string; readonly uid: string; readonly answer: AppliedAnswer }
  | { readonly kind: 'place'; readonly place: CopyPlace }
  /** Appended; a known id is left as it is. */
  | { readonly kind: 'mailing'; readonly mailing: Mailing }
  /** A known id is left as it is. */
  | { readonly kind: 'reply-pair'; readonly pair: ReplyPair }
  | { readonly kind: 'alias'; readonly organizerKey: string; readonly attendeeKey: string; readonly alias: string }
  /** The recipient's address bounced for that owner, until a new invitation lifts it. */
  | {
      readonly kind: 'suppress';
      readonly ownerKey: string;
      readonly recipientKey: string;
      readonly reason: string;
      readonly at: number;
    }
  | { readonly kind: 'unsuppress'; readonly ownerKey: string; readonly recipientKey: string }
  /** A once-only mark (one notice per pair and day, one forwarded letter, one used decision link); see Ledger.mark. */
  | { readonly kind: 'mark'; readonly mark: string; readonly at: number };

export interface CopyContext {
  readonly place: CopyPlace | null;
  readonly applied: readonly AppliedAnswer[];
  readonly mailings: readonly Mailing[];
}

export interface Ledger {
  /** All that is known about one copy, for these attendees (null: all). `mailings` oldest first. */
  copyContext(ownerKey: string, uid: string, attendeeKeys: readonly string[] | null): Promise<CopyContext>;
  replyPair(id: string): Promise<ReplyPair | null>;
  mailing(id: string): Promise<Mailing | null>;
  aliases(organizerKey: string, attendeeKey: string): Promise<string[]>;
  suppressed(ownerKey: string, recipientKey: string): Promise<string | null>;
  /**
   * How many recipients that owner mailed for the first time within each of these times, `until` not included; null:
   * this recipient would be no new one.
   */
  newRecipients(
    ownerKey: string,
    recipientKey: string,
    windows: readonly { readonly since: number; readonly until: number }[],
  ): Promise<readonly number[] | null>;
  marked(mark: string): Promise<boolean>;
  /** Entries whose recordId, taskId, messageId, uid, organizer or attendee is `subject`, oldest first, at most `limit` newest. */
  entries(subject: string, limit: number): Promise<LedgerEntry[]>;
  /** The newest entries, oldest first. */
  recent(limit: number): Promise<LedgerEntry[]>;
}
