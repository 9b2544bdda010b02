// Outlook may answer under another form of the UID of an event (decision table, "finding the event"). In: the batch of
// a copy that does not exist under its UID; out: the same records for the copy under the other form, because only the
// lane of that copy may edit it. It returns null if there is no such copy.
import { otherUids, recurrenceIdWithin } from '../../core/ical/global-object-id.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Ledger } from '../ports/spool.ts';
import { done, type PlannedTask } from '../queue/plan.ts';
import type { EventKind, Job } from '../records/records.ts';
import type { CopyFacts, Stored } from './copy.ts';
import { attendeesOf } from './handlers/handlers.ts';

export interface MoveOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
}

/** The records whose UID comes from a mail. */
type MovedJob = Job<'answer' | 'proposal' | 'refresh'>;

export async function moveToOtherUid(
  options: MoveOptions,
  { owner, uid, batch, now }: CopyFacts,
  stored: Stored,
): Promise<PlannedTask[] | null> {
  const jobs = batch.filter(isMovable);
  const isNone = stored.kind === 'missing' && stored.reason === 'unknown-event';
  if (jobs.length < batch.length || (!isNone && stored.kind !== 'not-loaded')) return null;
  for (const other of otherUids(uid)) {
    const { place, mailings } = await options.ledger.copyContext(owner.key, other, attendeesOf(jobs));
    const isKnown = place !== null || mailings.length > 0;
    // If the batch was planned without the CalDAV server, do not wait for the server here.
    const exists = isKnown || (isNone && (await options.store.find(owner, other, null)).kind !== 'none');
    if (!exists) continue;
    return jobs.map(({ task: { id, createdAt }, body }) => {
      const moved = { body: withUid(body, other), createdAt, dueAt: now };
      return { id, plan: { disposition: done, add: [moved] } };
    });
  }
  return null;
}

function isMovable(job: Job<EventKind>): job is MovedJob {
  return job.body.kind === 'answer' || job.body.kind === 'proposal' || job.body.kind === 'refresh';
}

function withUid(body: MovedJob['body'], uid: string): MovedJob['body'] {
  switch (body.kind) {
    case 'answer': {
      const { answer } = body;
      const recurrenceId = recurrenceIdWithin(answer.occurrence, answer.start);
      return { ...body, answer: { ...answer, occurrence: { uid, recurrenceId } } };
    }
    case 'proposal': {
      const { proposal } = body;
      const recurrenceId = recurrenceIdWithin(proposal.occurrence, null);
      return { ...body, proposal: { ...proposal, occurrence: { uid, recurrenceId } } };
    }
    default:
      return { ...body, uid };
  }
}
