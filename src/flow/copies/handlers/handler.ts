// The type of the handlers of the queue `event`: one job and its copy in, a plan out.
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
   * Plans one record. After a conflict it is called again with the reloaded copy, so it must have no side effects.
   */
  readonly plan: (job: Job<K>, copy: Copy, options: HandlerOptions) => CopyPlan | Promise<CopyPlan>;
}
