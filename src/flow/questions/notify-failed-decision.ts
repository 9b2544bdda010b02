// Notifies the organizer by mail when a decision could not be carried out, because the decision page waits for the
// outcome for two seconds only. In: a job that is held for the operator; out: the record of the notice.
import { heldFacts, isHeldKind } from '../records/held.ts';
import type { Job, NewRecord } from '../records/records.ts';

/** Returns no record if the organizer has not decided about the record of the job. */
export function notifyFailedDecision(job: Job): NewRecord[] {
  if (!isHeldKind(job)) return [];
  const { organizer: owner, attendee, uid, isDecided } = heldFacts(job.body);
  const notice = { kind: 'not-entered', attendee, reason: 'failed' } as const;
  return isDecided ? [{ body: { kind: 'notice', origin: job.body.origin, owner, uid, notice } }] : [];
}
