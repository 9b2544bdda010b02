// Notifies the organizer by mail when a decision could not be carried out, because the decision page waits for the
// outcome for two seconds only. In: a job that is held for the operator; out: the task of the notice.
import type { NewTask } from '../ports/spool.ts';
import { heldParties, isDecided } from '../records/held.ts';
import { recordTask, type Job } from '../records/records.ts';

/** Returns no task unless the organizer had decided about the record. */
export function notifyFailedDecision(makeId: (now: number) => string): (job: Job, now: number) => NewTask[] {
  return ({ body }, now) => {
    if (body.kind !== 'answer' && body.kind !== 'proposal' && body.kind !== 'delegation') return [];
    if (!isDecided(body)) return [];
    const { origin } = body;
    const { organizer: owner, attendee, uid } = heldParties(body);
    const notice = { kind: 'not-entered', attendee, reason: 'failed' } as const;
    return [recordTask({ kind: 'notice', origin, owner, uid, notice }, { id: makeId(now), createdAt: now })];
  };
}
