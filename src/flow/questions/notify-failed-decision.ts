// The organizer decided, and it could not be carried out: told by mail, since the page waits only for moments. At once
// where that is known at once; where the work was given up after days, as work of its own.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Reason } from '../../core/reasons.ts';
import type { EventContext, NewTask, Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import type { NotifyOrganizer } from './notify-organizer.ts';
import { bodyOf, type EventBody, eventLane, newTask, type Origin, partiesOf } from '../records/records.ts';

/** A decision of the organizer that could not be carried out. */
export interface NotEntered {
  readonly origin: Origin;
  readonly attendee: CalendarAddress;
  readonly reason: Reason;
}

/** The event that the decisions were about, and where the notice goes. */
interface DecidedEvent {
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly context: Pick<EventContext, 'mailings'>;
  readonly set: ChangeSet;
  readonly notEntered: readonly NotEntered[];
}

/** `event` is its text, where it could be loaded. */
export function tellNotEntered(
  options: { readonly notifyOrganizer: NotifyOrganizer },
  { organizer, uid, context, set, notEntered }: DecidedEvent,
  event: string | null,
): void {
  const [first] = notEntered;
  if (first === undefined) return;
  const calendar = event ?? context.mailings.at(-1)?.calendar ?? null;
  const notices = notEntered.map(({ attendee, reason }) => ({ kind: 'not-entered', attendee, reason }) as const);
  options.notifyOrganizer(set, { organizer, uid, calendar, notices, origin: first.origin });
}

/** What follows from giving up a task of an event: nothing, where the organizer did not decide about it. */
export function afterGivingUp(makeId: (now: number) => string): (task: Task, now: number) => NewTask[] {
  return (task, now) => {
    const body = bodyOf<EventBody>(task);
    if (!('approved' in body) || !(body.approved || ('declined' in body && body.declined))) return [];
    const { origin } = body;
    const { organizer, attendee, uid } = partiesOf(body);
    const notice = { kind: 'not-entered', attendee, reason: 'failed' } as const;
    const lane = eventLane(organizer.key, uid);
    return [
      newTask(makeId(now), 'event', lane, { kind: 'notice', origin, organizer, uid, notice }, { createdAt: now }),
    ];
  };
}
