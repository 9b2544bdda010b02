// One event of one organizer while its lane is worked: what the ledger knows of it, and what is to be committed at the end.
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ReasonFor, Verdict } from '../../core/reasons.ts';
import type { EventContext, Ledger, LedgerEntry, Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import type { LinkToDecide } from '../questions/decision-link.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { NotEntered } from '../questions/notify-failed-decision.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import type { TellHeld } from '../questions/tell-held.ts';
import type { WritePace } from '../queue/write-batching.ts';
import { entryAbout, type EventBody } from '../records/records.ts';

export interface EventWorkOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly expand: Expand;
  readonly tellHeld: TellHeld;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly linkToDecide: LinkToDecide;
  readonly pace: WritePace;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

export interface Lane {
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly context: EventContext;
  readonly set: ChangeSet;
  /** How long its answers have been due, ms: much, where more come in than the calendar takes. */
  readonly behindMs: number;
  /** What the organizer decided and could not be carried out: told at the end, in one mail. */
  readonly notEntered: NotEntered[];
}

export interface Waiting<K extends EventBody['kind']> {
  readonly task: Task;
  readonly body: Extract<EventBody, { kind: K }>;
}

type Said<V extends Verdict> = { readonly verdict: V; readonly reason: ReasonFor<V> } & Pick<
  LedgerEntry,
  'at' | 'detail'
> &
  Partial<Pick<LedgerEntry, 'recurrenceId'>>;

/** Writes into the ledger what became of something that an attendee sent. */
export function recordAbout<V extends Verdict>(
  { organizer, uid, set }: Lane,
  { task, body }: Waiting<'proposal'> | Waiting<'delegation'>,
  said: Said<V>,
): void {
  const { origin, attendee } = body;
  set.record(entryAbout(origin, task.id, { ...said, organizer: organizer.key, uid, attendee: attendee.key }));
}
