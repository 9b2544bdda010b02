// The organizer decided, and it could not be carried out: told by mail, since the page waits only for moments. At once
// where that is known at once; where the work was given up after days, as work of its own.
import type { CalendarAddress } from '../itip/types.ts';
import type { NewTask, Task } from '../spool/types.ts';
import type { Lane } from './event-lane.ts';
import type { NotifyOrganizer } from './notify-organizer.ts';
import { bodyOf, type EventBody, eventLane, newTask, type Origin, partiesOf } from './records.ts';

/** `reason` is that of a Decision, or another word; `event` is its text, where it could be loaded. */
export function tellNotEntered(
  options: { readonly notifyOrganizer: NotifyOrganizer },
  { organizer, uid, context, set }: Lane,
  { origin, attendee, reason }: { readonly origin: Origin; readonly attendee: CalendarAddress; reason: string },
  event: string | null = null,
): void {
  const calendar = event ?? context.mailings.at(-1)?.calendar ?? null;
  const notices = [{ kind: 'not-entered', attendee, reason }] as const;
  options.notifyOrganizer(set, { organizer, uid, calendar, notices, origin });
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
