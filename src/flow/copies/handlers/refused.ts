// In: a record that cannot be applied, and why; out: the plan that ends it. A record that the organizer has decided
// about is not held again; the organizer is notified instead.
import type { ReasonFor, Why } from '../../../core/reasons.ts';
import { ended } from '../../queue/plan.ts';
import { heldFacts, type HeldKind } from '../../records/held.ts';
import type { Job } from '../../records/records.ts';
import type { CopyPlan } from '../copy.ts';

export function refused(job: Job<HeldKind>, at: number, why: Why<ReasonFor<'refused'>>): CopyPlan {
  const plan = ended(job, at, 'refused', why);
  const { attendee, isDecided } = heldFacts(job.body);
  return !isDecided ? plan : { ...plan, notices: [{ kind: 'not-entered', attendee, reason: why.reason }] };
}
