// Notifies the organizer by mail when a decision could not be carried out, because the decision page waits for the
// outcome for two seconds only. In: a job that is held for the operator; out: the record of the notice.
import { heldParties, isDecided } from '../records/held.ts';
import type { Job, NewRecord } from '../records/records.ts';

/** Returns no record unless the organizer had decided about the job's. */
export function notifyFailedDecision({ body }: Job): NewRecord[] {
  if (body.kind !== 'answer' && body.kind !== 'proposal' && body.kind !== 'delegation') return [];
  if (!isDecided(body)) return [];
  const { origin } = body;
  const { organizer: owner, attendee, uid } = heldParties(body);
  const notice = { kind: 'not-entered', attendee, reason: 'failed' } as const;
  return [{ body: { kind: 'notice', origin, owner, uid, notice } }];
}
