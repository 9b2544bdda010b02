// The plan for one record, as values: what becomes of its task, and which tasks and ledger entries follow. Handlers
// return plans; the worker commits all plans of a batch in one transaction.
import type { ReasonFor, Verdict, Why } from '../../core/reasons.ts';
import type { Changes, LedgerWrite, NewTask, TaskHoldReason } from '../ports/spool.ts';
import { entryAbout, type Job } from '../records/records.ts';

/** The task is done, is tried again at `dueAt`, or is held. One decision covers all tasks held under the same `key`. */
export type Disposition =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly dueAt: number; readonly error: string }
  | { readonly kind: 'hold'; readonly reason: TaskHoldReason; readonly key: string };

/** New tasks and ledger writes. */
export interface Effects {
  readonly add?: readonly NewTask[];
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

export function changesOf(planned: readonly PlannedTask[], more: Effects = {}): Changes {
  const all = planned.map(({ id, plan }) => ({ id, ...plan.disposition }));
  return {
    done: all.flatMap(({ id, kind }) => (kind === 'done' ? [id] : [])),
    retry: all.flatMap((each) =>
      each.kind === 'retry' ? [{ id: each.id, dueAt: each.dueAt, error: each.error }] : [],
    ),
    hold: all.flatMap((each) => (each.kind === 'hold' ? [{ id: each.id, reason: each.reason, key: each.key }] : [])),
    ...joinEffects([...planned.map(({ plan }) => plan), more]),
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
