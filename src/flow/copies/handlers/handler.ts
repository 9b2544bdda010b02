// The type of the handlers of the queue `event`: one job and its copy in, a plan out.
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
 * What a record needs the stored copy for. `required`: it waits until the copy can be loaded. `for-notice`: what the owner is
 * told is made from the copy, but must not wait for the end of a long outage. `none`: it is the same without it.
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
