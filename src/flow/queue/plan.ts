// The plan for one record, as values: the disposition of its task, the records to add and the ledger writes. Handlers
// return plans; `run-queue.ts` commits all plans of a batch in one transaction.
import type { ReasonFor, Verdict, Why } from '../../core/reasons.ts';
import type { Changes, LedgerWrite, TaskHoldReason } from '../ports/spool.ts';
import { entryAbout, type Job, type Kind, type NewRecord, recordTask } from '../records/records.ts';

/** The task is done, is tried again at `dueAt`, or is held. One decision covers all tasks held under the same `key`. */
export type Disposition =
  | { readonly kind: 'done' }
  /** `waitsFor`: the back end that is unreachable. */
  | { readonly kind: 'retry'; readonly dueAt: number; readonly error: string; readonly waitsFor?: string | null }
  | { readonly kind: 'hold'; readonly reason: TaskHoldReason; readonly key: string };

/** New records and ledger writes. */
export interface Effects {
  readonly add?: readonly NewRecord[];
  readonly ledger?: readonly LedgerWrite[];
}

export interface Plan extends Effects {
  readonly disposition: Disposition;
}

export const done: Disposition = { kind: 'done' };

export interface PlannedTask {
  readonly id: string;
  readonly plan: Plan;
}

/** The plans for the jobs of one lane, and the effects of the batch as a whole. */
export interface LanePlan {
  readonly planned: readonly PlannedTask[];
  readonly more?: Effects;
}

/** Plans the jobs of one lane. */
export type LaneHandler<K extends Kind> = (jobs: readonly Job<K>[]) => Promise<LanePlan>;

/** A handler that plans the jobs one after the other. */
export function planEach<K extends Kind>(plan: (job: Job<K>) => Promise<Plan>): LaneHandler<K> {
  return async (jobs) => {
    const planned: PlannedTask[] = [];
    for (const job of jobs) planned.push({ id: job.task.id, plan: await plan(job) });
    return { planned };
  };
}

export interface ChangesOptions {
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/**
 * The changes of one transaction. New records become tasks only here, so that a record that is planned again gets no
 * second id.
 */
export function changesOf({ planned, more = {} }: LanePlan, { makeId, now }: ChangesOptions): Changes {
  const at = now();
  const all = planned.map(({ id, plan: { disposition } }) => ({ id, ...disposition }));
  const { add, ledger } = joinEffects([...planned.map(({ plan }) => plan), more]);
  return {
    done: all.flatMap(({ id, kind }) => (kind === 'done' ? [id] : [])),
    retry: all.filter((each) => each.kind === 'retry'),
    hold: all.filter((each) => each.kind === 'hold'),
    add: add.map(({ body, ...facts }) => recordTask(body, { id: makeId(at), createdAt: at, ...facts })),
    ledger,
  };
}

export function joinEffects(effects: readonly Effects[]): Required<Effects> {
  return {
    add: effects.flatMap(({ add = [] }) => add),
    ledger: effects.flatMap(({ ledger = [] }) => ledger),
  };
}

/** The plan that ends a task with one entry in the ledger. */
export function ended<V extends Verdict>(job: Job, at: number, verdict: V, why: Why<ReasonFor<V>>): Plan {
  return { disposition: done, ledger: [entryAbout(job, { at, verdict, ...why })] };
}

export function mark(name: string, at: number): LedgerWrite {
  return { kind: 'mark', mark: name, at };
}
