// What every handler of the queue `event` is: one record and its copy in, a plan out.
import type { Expand } from '../../ports/recurrence.ts';
import type { MakeDecisionLink } from '../../questions/decision-link.ts';
import type { EventKind, Job } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';

export interface HandlerOptions {
  readonly expand: Expand;
  readonly makeDecisionLink: MakeDecisionLink;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

export interface Handler<K extends EventKind> {
  /** Whether the stored copy must be loaded for this record. */
  readonly needsCopy: (job: Job<K>) => boolean;
  /**
   * Decides what becomes of the record. Called again with the reloaded copy after a conflict; the first call has left
   * nothing behind.
   */
  readonly plan: (job: Job<K>, copy: Copy, options: HandlerOptions) => CopyPlan | Promise<CopyPlan>;
}
