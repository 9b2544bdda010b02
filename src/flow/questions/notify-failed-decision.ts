// An operator must look at a record that the organizer had decided about: the organizer is told by mail that the decision
// could not be carried out, because the page waits only for seconds.
import type { NewTask } from '../ports/spool.ts';
import { heldParties } from '../records/held.ts';
import { recordTask, type Job } from '../records/records.ts';

/** What follows when a record is held for the operator: nothing, unless the organizer decided about it. */
export function notifyFailedDecision(makeId: (now: number) => string): (job: Job, now: number) => NewTask[] {
  return ({ body }, now) => {
    if (body.kind !== 'answer' && body.kind !== 'proposal' && body.kind !== 'delegation') return [];
    if (!body.approved && !(body.kind === 'proposal' && body.declined)) return [];
    const { origin } = body;
    const { organizer: owner, attendee, uid } = heldParties(body);
    const notice = { kind: 'not-entered', attendee, reason: 'failed' } as const;
    return [recordTask({ kind: 'notice', origin, owner, uid, notice }, { id: makeId(now), createdAt: now })];
  };
}
