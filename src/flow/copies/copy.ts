// One copy during the planning of its batch: the stored event, the ledger's context and the other jobs of the batch.
// Handlers read it. `process-copy.ts` applies each plan to it before it calls the next handler.
import type { NoticeKind } from '../../core/compose/types.ts';
import { type EventDocument, eventText } from '../../core/ical/event-document.ts';
import { validText } from '../../core/ical/content-lines.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { CopyContext, LedgerWrite } from '../ports/spool.ts';
import type { Plan } from '../queue/plan.ts';
import type { CopyKey } from '../records/record-kind.ts';
import type { EventKind, Job } from '../records/records.ts';
import { lastMailed } from '../questions/current-event.ts';
import { Histories, newestAnswers } from './judge-answer.ts';

/** The result of loading the event from the CalDAV server. */
export type Stored =
  | { readonly kind: 'loaded'; readonly text: string; readonly document: EventDocument }
  /** Not loaded: no record of the batch needs it, or it could not be loaded and no record has to wait for it. */
  | { readonly kind: 'not-loaded' }
  | { readonly kind: 'missing'; readonly reason: MissingReason };

/** Why there is no event to read or edit. */
export type MissingReason = 'unknown-event' | 'not-visible' | 'ambiguous-event' | 'event-unusable';

/** The plan for one record of a copy. */
export interface CopyPlan extends Plan {
  /** The event after this record; absent: unchanged. */
  readonly document?: EventDocument;
  /** Notices to the owner. */
  readonly notices?: readonly NoticeKind[];
  /** Overrides NOTIFY_ORGANIZER: the notices are due now. */
  readonly when?: 'now';
  /** Overrides the usual re-read after a write: a later round of re-reads, or none. */
  readonly reread?: { readonly round: number } | 'never';
}

export interface CopyFacts extends CopyKey {
  readonly context: CopyContext;
  /** All jobs that are processed together, oldest first. */
  readonly batch: readonly Job<EventKind>[];
  readonly now: number;
}

export class Copy {
  readonly owner: CalendarAddress;
  readonly uid: string;
  readonly context: CopyContext;
  readonly batch: readonly Job<EventKind>[];
  readonly stored: Stored;
  readonly histories: Histories;
  readonly #now: number;
  #document: EventDocument | null;
  #newest: ReadonlySet<string> | null = null;

  constructor({ owner, uid, context, batch, now }: CopyFacts, stored: Stored) {
    this.owner = owner;
    this.uid = uid;
    this.context = context;
    this.batch = batch;
    this.stored = stored;
    this.histories = new Histories(context, this.jobsOf('answer').filter(isToApply));
    this.#now = now;
    this.#document = stored.kind === 'loaded' ? stored.document : null;
  }

  /** The event with the edits of the earlier records of the batch; null: there is no event to edit. */
  get document(): EventDocument | null {
    return this.#document;
  }

  /**
   * The event for questions to the organizer: with the edits of the earlier records, else as last mailed; null:
   * unknown.
   */
  get calendar(): string | null {
    return this.#document === null ? lastMailed(this.context) : validText(eventText(this.#document));
  }

  jobsOf<K extends EventKind>(kind: K): Job<K>[] {
    return jobsOf(this.batch, kind);
  }

  /**
   * Whether the batch has no newer answer of the same attendee for the same occurrence. Only the newest is applied, so
   * that a batch that is repeated after a crash between PUT and commit has the same result.
   */
  isNewestAnswer(taskId: string): boolean {
    if (this.#document === null) return true;
    this.#newest ??= newestAnswers(this.jobsOf('answer').filter(isToApply), this.#document, this.histories, this.#now);
    return this.#newest.has(taskId);
  }

  /** Applies the plan of one record. Only `process-copy.ts` calls this. */
  apply({ document, ledger = [] }: CopyPlan): void {
    if (document !== undefined) this.#document = document;
    for (const answer of ledger.flatMap(appliedIn)) this.histories.add(answer);
  }
}

export function jobsOf<K extends EventKind>(batch: readonly Job<EventKind>[], kind: K): Job<K>[] {
  return batch.filter((each): each is Job<K> => each.body.kind === kind);
}

/** Whether the sender is proven or the organizer has accepted the answer. */
export function isToApply({ body }: Job<'answer'>): boolean {
  return body.held === null || body.approved;
}

function appliedIn(write: LedgerWrite) {
  return write.kind === 'applied' ? [write.answer] : [];
}
