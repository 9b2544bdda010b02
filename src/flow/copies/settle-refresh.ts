// An attendee asks for the event again: what was mailed last goes through the queue of invitations once more.
import type { EventWorkOptions, Lane, Waiting } from './event-lane.ts';
import { entryAbout, type Invitation, newTask, recipientLane } from '../records/records.ts';

/** RFC 5546 §3.2.6: the attendee gets what was mailed last once more. */
export function settleRefresh(
  options: EventWorkOptions,
  { organizer, uid, context, set }: Lane,
  { task, body }: Waiting<'refresh'>,
): void {
  const { attendee, origin } = body;
  const at = options.now();
  set.done(task.id);
  const last = context.mailings.findLast(({ recipientKey }) => recipientKey === attendee.key);
  const facts = { at, organizer: organizer.key, uid, attendee: attendee.key };
  if (last === undefined) {
    set.record(
      entryAbout(origin, task.id, {
        ...facts,
        verdict: 'refused',
        reason: 'not-invited',
        detail: `${attendee.asWritten} was never mailed this event.`,
      }),
    );
    return;
  }
  const { method, calendar } = last;
  const request: Invitation = {
    kind: 'invitation',
    origin,
    sender: organizer,
    recipient: attendee,
    method,
    calendar,
    again: true,
  };
  set.add(newTask(options.makeId(at), 'invitation', recipientLane(uid, attendee.key), request, { createdAt: at }));
  set.record(
    entryAbout(origin, task.id, {
      ...facts,
      verdict: 'recorded',
      reason: 'refresh',
      detail: `${attendee.asWritten} asked for the event again.`,
    }),
  );
}
