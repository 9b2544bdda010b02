// Holds an answer or a proposal until the organizer decides, and adds a question to the organizer (`ask-owner.ts`).
import { because, type HoldReason } from '../../core/reasons.ts';
import type { Plan } from '../queue/plan.ts';
import { heldFacts } from '../records/held.ts';
import { senderKey } from '../records/question.ts';
import { entryAbout, type Job } from '../records/records.ts';

/** `calendar` is the event as stored or as last mailed, for the text of the question; null: unknown. */
export function holdForOrganizer(
  { now }: { readonly now: () => number },
  job: Job<'answer' | 'proposal'>,
  reason: HoldReason,
  calendar: string | null,
): Plan {
  const { body } = job;
  const { organizer, attendee, uid } = heldFacts(body);
  const key = senderKey(organizer, attendee, body.sender);
  const at = now();
  return {
    disposition: { kind: 'hold', reason, key },
    ledger: [entryAbout(job, { at, verdict: 'held', ...because(reason, { who: attendee.asWritten }) })],
    add: [{ body: { kind: 'question', origin: body.origin, owner: organizer, uid, key, calendar, together: false } }],
  };
}
