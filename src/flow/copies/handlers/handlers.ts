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
 * Restored answers first, because new answers are judged against them; then the other edits; then records that only read
 * the copy.
 */
const PLANNING_ORDER = ['verify', 'answer', 'undeliverable', 'delegation', 'proposal', 'refresh', 'notice'] as const;

/** Typed by the order, so that a kind that is missing there is an error of the look-up. */
const handlers: { readonly [K in (typeof PLANNING_ORDER)[number]]: Handler<K> } = {
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
  const placeOf = ({ body }: Job<EventKind>): number => PLANNING_ORDER.indexOf(body.kind);
  return batch.toSorted((one, other) => placeOf(one) - placeOf(other));
}
