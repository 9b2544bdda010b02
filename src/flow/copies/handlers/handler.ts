// The type of the handlers of the queue `event`. In: one job and its copy; out: a plan.
import type { Expand } from '../../ports/recurrence.ts';
import type { MakeDecisionLink } from '../../questions/decision-link.ts';
import type { EventKind, Job, RecordOf } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';

export interface HandlerOptions {
  readonly expand: Expand;
  readonly makeDecisionLink: MakeDecisionLink;
  readonly now: () => number;
}

/**
 * Whether a record needs the stored copy. `required`: the record waits until the copy is loaded. `for-notice`: the
 * notice to the owner shows the copy, but is mailed without it during a long outage. `none`: the plan does not depend
 * on the copy.
 */
export type CopyNeed = 'required' | 'for-notice' | 'none';

export interface Handler<K extends EventKind> {
  /** Address keys of the attendees whose history the plan needs. */
  readonly attendees: (body: RecordOf<K>) => readonly string[] | 'all';
  readonly needsCopy: (job: Job<K>) => CopyNeed;
  /**
   * Plans one record. After a conflict it is called again with the reloaded copy, so it must have no side effects.
   */
  readonly plan: (job: Job<K>, copy: Copy, options: HandlerOptions) => CopyPlan | Promise<CopyPlan>;
}
