// The records that can be held for the organizer's decision: answers, proposals and delegations. In: such a record;
// out: the facts that the organizer decides about. Pure.
import type { HeldAnswer, Question } from '../../core/pages/decision-page.ts';
import type { CalendarAddress, OccurrenceKey } from '../../core/ical/types.ts';
import { type HoldReason, isHoldReason } from '../../core/reasons.ts';
import type { Task } from '../ports/spool.ts';
import { type Job, recordOf, type RecordOf } from './records.ts';

export interface HeldFacts extends OccurrenceKey, Required<Pick<HeldAnswer, 'partstat' | 'comment' | 'proposal'>> {
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  /** The address that sent it, as shown to the organizer. */
  readonly sender: string;
  readonly asks: Question;
  /** The organizer has accepted or declined the record. */
  readonly isDecided: boolean;
}

const facts = {
  answer: ({ answer, sender, approved }: RecordOf<'answer'>): HeldFacts => {
    const { organizer, attendee, occurrence, partstat, comment } = answer;
    const about = { organizer, attendee, ...occurrence };
    return { ...about, sender, partstat, comment, proposal: null, asks: 'sender', isDecided: approved };
  },
  proposal: ({ organizer, attendee, proposal, sender, held, approved, declined }: RecordOf<'proposal'>): HeldFacts => {
    const { occurrence, comment, start, end } = proposal;
    return {
      organizer,
      attendee,
      ...occurrence,
      sender,
      partstat: null,
      comment,
      proposal: { start, end },
      asks: held === null || approved ? 'proposal' : 'sender',
      isDecided: approved || declined,
    };
  },
  delegation: ({ organizer, attendee, uid, recurrenceId, approved }: RecordOf<'delegation'>): HeldFacts => ({
    organizer,
    attendee,
    uid,
    recurrenceId,
    sender: attendee.asWritten,
    partstat: 'DELEGATED',
    comment: null,
    proposal: null,
    asks: 'delegation',
    isDecided: approved,
  }),
};

export type HeldKind = keyof typeof facts;

/** The table is typed by kind; only this look-up needs a cast. */
export function heldFacts(body: RecordOf<HeldKind>): HeldFacts {
  return (facts[body.kind] as (body: RecordOf<HeldKind>) => HeldFacts)(body);
}

/**
 * Returns the HoldReason for which the task is held; null if its reason is not a HoldReason of this version. The spool
 * stores the reason as the last error.
 */
export function holdReasonOf({ lastError }: Task): HoldReason | null {
  return lastError !== null && isHoldReason(lastError) ? lastError : null;
}

/** Whether the record is of a kind that can be held for the organizer. */
export function isHeldKind(job: Job): job is Job<HeldKind> {
  return Object.hasOwn(facts, job.body.kind);
}

/** Parses held tasks; tasks of other kinds and unreadable tasks are left out. */
export function heldJobs(tasks: readonly Task[]): Job<HeldKind>[] {
  const kinds = Object.keys(facts) as HeldKind[];
  return tasks.flatMap((task) => recordOf(task, ...kinds) ?? []);
}
