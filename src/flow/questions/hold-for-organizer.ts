// What does not count by itself is kept until the organizer decides, and the organizer is to be asked (tell-held.ts).
import type { CalendarAddress } from '../../core/ical/types.ts';
import { because, type HoldReason } from '../../core/reasons.ts';
import type { Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import { entryAbout, type HeldSenderBody, holdKey, partiesOf } from '../records/records.ts';
import { heldNotice } from './tell-held.ts';

export interface HoldOptions {
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

export interface Held {
  readonly task: Task;
  readonly body: HeldSenderBody;
  readonly reason: HoldReason;
  readonly organizer: CalendarAddress;
  readonly uid: string;
  /** For the notice: the event, or what was last mailed. */
  readonly calendar: string | null;
}

export function holdForOrganizer({ makeId, now }: HoldOptions, set: ChangeSet, held: Held): void {
  const { task, body, reason, organizer, uid, calendar } = held;
  const { attendee, recurrenceId } = partiesOf(body);
  const key = holdKey(organizer.key, attendee.key, body.sender);
  const at = now();
  set.hold(task.id, reason, key);
  set.record(
    entryAbout(body.origin, task.id, {
      at,
      verdict: 'held',
      ...because(reason, { who: attendee.asWritten }),
      organizer: organizer.key,
      uid,
      recurrenceId,
      attendee: attendee.key,
    }),
  );
  set.add(heldNotice({ origin: body.origin, organizer, uid, key, calendar }, makeId, at));
}
