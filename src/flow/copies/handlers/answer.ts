// An answer is applied to the copy, ignored, refused or held for the organizer, as the decision table says. If the
// event is missing although the attendee was invited, the answer is retried for a while and then held.
import { applyDecision } from '../../../core/itip/apply.ts';
import type { Decision } from '../../../core/itip/types.ts';
import { componentFor, type EventDocument } from '../../../core/ical/event-document.ts';
import type { CalendarAddress } from '../../../core/ical/types.ts';
import { because } from '../../../core/reasons.ts';
import type { LedgerWrite } from '../../ports/spool.ts';
import { endOf } from '../../outbound/event-end.ts';
import { holdForOrganizer } from '../../questions/hold-for-organizer.ts';
import { done, ended } from '../../queue/plan.ts';
import { entryAbout, type Job, type NewRecord } from '../../records/records.ts';
import { type Copy, type CopyPlan, isToApply } from '../copy.ts';
import { judgeAnswerSafely } from '../judge-answer.ts';
import type { Handler, HandlerOptions } from './handler.ts';
import { missingReason, retryWhileMissing } from './missing-copy.ts';
import { refused } from './refused.ts';

type AnswerJob = Job<'answer'>;

export const answer: Handler<'answer'> = {
  attendees: (body) => [body.answer.attendee.key],
  // A held answer does not need the copy: the question about it loads the event when it is mailed.
  needsCopy: (job) => (isToApply(job) ? 'required' : 'none'),
  async plan(job, copy, options) {
    const { task, body } = job;
    if (body.held !== null && !body.approved) return holdForOrganizer(options, job, body.held, copy.calendar);
    const { document } = copy;
    if (document === null) return planWithoutCopy(job, copy, options);
    const decision: Decision = copy.isNewestAnswer(task.id)
      ? await judgeAnswerSafely(document, body.answer, copy.histories, options.expand, options.now())
      : { verdict: 'ignore', reason: 'stale' };
    if (await wasOver(job, copy, decision, options)) {
      return refused(job, options.now(), because('past', { who: body.answer.attendee.asWritten }));
    }
    if (decision.verdict === 'apply')
      return planApplied(job, copy, applyDecision(document, decision), decision, options);
    if (decision.verdict === 'hold' && !body.approved) {
      return holdForOrganizer(options, job, decision.reason, copy.calendar);
    }
    const { attendee } = body.answer;
    if (decision.verdict === 'ignore') {
      return ended(job, options.now(), 'ignored', because(decision.reason, { who: attendee.asWritten }));
    }
    return refused(job, options.now(), because(decision.reason, { who: attendee.asWritten }));
  },
};

/**
 * Whether a web answer was sent after the end of its event. The page refuses such answers, but only if it can read the
 * event.
 */
async function wasOver(
  { body: { answer: given, approved } }: AnswerJob,
  { stored }: Copy,
  decision: Decision,
  { expand }: HandlerOptions,
): Promise<boolean> {
  if (given.door !== 'web' || approved || stored.kind !== 'loaded') return false;
  if (decision.verdict !== 'apply' && decision.verdict !== 'hold') return false;
  const { recurrenceId } = decision.verdict === 'apply' ? decision.occurrence : given.occurrence;
  const end = await endOf(stored.document, recurrenceId, expand);
  return end !== null && end < given.revision.sentAt;
}

type Applied = Decision & { readonly verdict: 'apply' };

function planApplied(
  job: AnswerJob,
  { owner, uid }: Copy,
  document: EventDocument,
  decision: Applied,
  options: HandlerOptions,
): CopyPlan {
  const { body } = job;
  const { attendee, comment } = body.answer;
  const { recurrenceId } = decision.occurrence;
  const { partstat } = decision.record;
  const why = because('applied', { who: attendee.asWritten, partstat, written: decision.changes.length > 0 });
  const ledger: LedgerWrite[] = [
    entryAbout(job, { at: options.now(), verdict: 'applied', ...why, recurrenceId }),
    // The answer proves that mail reaches the attendee, even if one mail bounced.
    { kind: 'unsuppress', ownerKey: owner.key, recipientKey: attendee.key },
    ...[decision.record, ...decision.alsoRecord].map(
      (applied): LedgerWrite => ({ kind: 'applied', ownerKey: owner.key, uid, answer: applied }),
    ),
  ];
  const delegations = delegationsOf(job, owner, document, recurrenceId);
  const notice = { kind: 'answer', attendee, partstat, comment, recurrenceId } as const;
  // The question about the delegate replaces the notice about the answer.
  return { disposition: done, document, ledger, add: delegations, notices: delegations.length > 0 ? [] : [notice] };
}

/** One delegation record for each delegate that the event does not list (RFC 5546 §3.2.2.3). */
function delegationsOf(
  { body: { origin, answer: given } }: AnswerJob,
  organizer: CalendarAddress,
  document: EventDocument,
  recurrenceId: string | null,
): NewRecord[] {
  const { attendee, partstat, delegatedTo, occurrence } = given;
  if (partstat !== 'DELEGATED') return [];
  const component = componentFor(document, recurrenceId);
  const common = { kind: 'delegation', origin, organizer, attendee, uid: occurrence.uid, recurrenceId } as const;
  return delegatedTo
    .filter((delegate) => component?.invites(delegate) !== true)
    .map((delegate) => ({ body: { ...common, delegate, approved: false } }));
}

function planWithoutCopy(job: AnswerJob, copy: Copy, options: HandlerOptions): CopyPlan {
  const { body } = job;
  const isExpected = copy.context.mailings.length > 0 || body.answer.door === 'web';
  const retry = retryWhileMissing(job, copy, { isExpected, at: options.now() });
  if (retry !== null) return retry;
  const reason = missingReason(copy);
  if (!body.approved) return holdForOrganizer(options, job, reason, copy.calendar);
  return refused(job, options.now(), because(reason, {}));
}
