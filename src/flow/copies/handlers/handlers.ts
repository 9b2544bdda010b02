// The handler of each record kind of the queue `event`, and the order in which the records of one batch are planned.
import type { EventKind, Job } from '../../records/records.ts';
import { answer } from './answer.ts';
import { delegation } from './delegation.ts';
import type { Handler } from './handler.ts';
import { notice } from './notice.ts';
import { proposal } from './proposal.ts';
import { refresh } from './refresh.ts';
import { undeliverable } from './undeliverable.ts';
import { verify } from './verify.ts';

/**
 * Restored answers first, because new answers are judged against them; then the other edits; then records that only
 * read the copy, or do not need it.
 */
const PLANNING_ORDER: Readonly<Record<EventKind, number>> = {
  verify: 1,
  answer: 2,
  undeliverable: 3,
  delegation: 4,
  proposal: 5,
  refresh: 6,
  notice: 7,
};

const handlers: { readonly [K in EventKind]: Handler<K> } = {
  answer,
  delegation,
  notice,
  proposal,
  refresh,
  undeliverable,
  verify,
};

/** The table is typed by kind; only this look-up needs a cast. */
export function handlerOf({ body }: Job<EventKind>): Handler<EventKind> {
  return handlers[body.kind] as Handler<EventKind>;
}

/** Address keys of the attendees whose history the plans need; null: of all. */
export function attendeesOf(batch: readonly Job<EventKind>[]): string[] | null {
  const attendees = batch.map((job) => handlerOf(job).attendees(job.body));
  return attendees.includes('all') ? null : [...new Set(attendees.flat())];
}

/** Sorts by kind, and by age within a kind. */
export function inPlanningOrder(batch: readonly Job<EventKind>[]): Job<EventKind>[] {
  return batch.toSorted((one, other) => PLANNING_ORDER[one.body.kind] - PLANNING_ORDER[other.body.kind]);
}
