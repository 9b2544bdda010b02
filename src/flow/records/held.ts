// What can wait for the organizer's decision: an answer or a proposal of an unproven sender, a proposal, a delegate. Pure.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Task } from '../ports/spool.ts';
import { recordOf, type RecordOf, type Waiting } from './records.ts';

export type HeldKind = 'answer' | 'proposal' | 'delegation';
export type HeldRecord = RecordOf<HeldKind>;
/** What can wait because nothing proves who sent it, or because the calendar contradicts it. */
export type HeldSenderRecord = RecordOf<'answer' | 'proposal'>;

/** Tasks that carry something else, or that cannot be read, are left out. */
export function heldRecords(tasks: readonly Task[]): Waiting<HeldKind>[] {
  return tasks.flatMap((task) => recordOf(task, 'answer', 'proposal', 'delegation') ?? []);
}

export interface Parties {
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly uid: string;
  readonly recurrenceId: string | null;
}

/** Who answers whom, about which occurrence. */
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
