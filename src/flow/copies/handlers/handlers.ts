// The handler of each record kind of the queue `event`, and the order in which the records of one batch are planned.
import type { EventKind, Job } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';
import { answer } from './answer.ts';
import { delegation } from './delegation.ts';
import type { CopyNeed, Handler, HandlerOptions } from './handler.ts';
import { notice } from './notice.ts';
import { proposal } from './proposal.ts';
import { refresh } from './refresh.ts';
import { undeliverable } from './undeliverable.ts';
import { verify } from './verify.ts';

/**
 * In planning order: restored answers first, because new answers are judged against them; then the other edits; then
 * records that only read the copy.
 */
const handlers: { readonly [K in EventKind]: Handler<K> } = {
  verify,
  answer,
  undeliverable,
  delegation,
  proposal,
  refresh,
  notice,
};

/** The table is typed by kind; only this look-up needs a cast. */
function handlerOf({ body }: Job<EventKind>): Handler<EventKind> {
  return handlers[body.kind] as Handler<EventKind>;
}

export function needsCopy(job: Job<EventKind>): CopyNeed {
  return handlerOf(job).needsCopy(job);
}

export async function planRecord(job: Job<EventKind>, copy: Copy, options: HandlerOptions): Promise<CopyPlan> {
  return handlerOf(job).plan(job, copy, options);
}

const order = Object.keys(handlers);

/** Sorts by kind in the order of the table, and by age within a kind. */
export function inPlanningOrder(batch: readonly Job<EventKind>[]): Job<EventKind>[] {
  return batch.toSorted((one, other) => order.indexOf(one.body.kind) - order.indexOf(other.body.kind));
}
