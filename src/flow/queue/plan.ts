// What becomes of one record, as values. Handlers return plans; the worker commits all plans of a batch in one transaction.
import type { Changes, LedgerWrite, NewEntry, NewTask, WaitReason } from '../ports/spool.ts';

/** The task ends, is tried again later, or is held for a decision. `key` groups what one decision covers. */
export type End =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly dueAt: number; readonly error: string }
  | { readonly kind: 'hold'; readonly reason: WaitReason; readonly key: string };

/** What follows from a record. */
export interface Effects {
  readonly add?: readonly NewTask[];
  readonly ledger?: readonly LedgerWrite[];
}

export interface Plan extends Effects {
  readonly end: End;
}

export const done: End = { kind: 'done' };

export interface PlannedTask {
  readonly id: string;
  readonly plan: Plan;
}

export function changesOf(planned: readonly PlannedTask[], more: Effects = {}): Changes {
  const ends = planned.map(({ id, plan: { end } }) => ({ id, end }));
  return {
    done: ends.flatMap(({ id, end }) => (end.kind === 'done' ? [id] : [])),
    retry: ends.flatMap(({ id, end }) => (end.kind === 'retry' ? [{ id, dueAt: end.dueAt, error: end.error }] : [])),
    hold: ends.flatMap(({ id, end }) => (end.kind === 'hold' ? [{ id, reason: end.reason, key: end.key }] : [])),
    ...joinEffects([...planned.map(({ plan }) => plan), more]),
  };
}

export function joinEffects(effects: readonly Effects[]): Required<Effects> {
  return {
    add: effects.flatMap(({ add = [] }) => add),
    ledger: effects.flatMap(({ ledger = [] }) => ledger),
  };
}

export function record(entry: NewEntry): LedgerWrite {
  return { kind: 'entry', entry };
}

export function mark(name: string, at: number): LedgerWrite {
  return { kind: 'mark', mark: name, at };
}
