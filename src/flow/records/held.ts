// The records that can be held for the organizer's decision: answers, proposals and delegations. Pure.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Task } from '../ports/spool.ts';
import { recordOf, type RecordOf, type Job } from './records.ts';

export type HeldKind = 'answer' | 'proposal' | 'delegation';
export type HeldRecord = RecordOf<HeldKind>;

/** Parses held tasks; tasks of other kinds and unreadable tasks are left out. */
export function heldJobs(tasks: readonly Task[]): Job<HeldKind>[] {
  return tasks.flatMap((task) => recordOf(task, 'answer', 'proposal', 'delegation') ?? []);
}

/** Whether the organizer has decided that it counts, or has declined it. */
export function isDecided(body: HeldRecord): boolean {
  return body.approved || (body.kind === 'proposal' && body.declined);
}

export interface Parties {
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly uid: string;
  readonly recurrenceId: string | null;
}

/** The attendee, the organizer, and the occurrence that the record is about. */
export function heldParties(body: HeldRecord): Parties {
  switch (body.kind) {
    case 'delegation':
      return body;
    case 'answer':
      return { ...body.answer, ...body.answer.occurrence };
    default:
      return { ...body, ...body.proposal.occurrence };
  }
}
