// A COUNTER (RFC 5546 §3.2.7) never edits the copy. The organizer gets a notice with a link to decline, which sends a
// DECLINECOUNTER to the attendee. To accept the proposal, the organizer moves the event.
import { parseEvent } from '../../../core/ical/event-document.ts';
import { occurrencesNeeded } from '../../../core/itip/decide.ts';
import { matchOccurrence } from '../../../core/itip/match-occurrence.ts';
import { declineCounterFor } from '../../../core/itip/schedule-message.ts';
import { because } from '../../../core/reasons.ts';
import type { Mailing } from '../../ports/spool.ts';
import { holdForOrganizer } from '../../questions/hold-for-organizer.ts';
import { done, type Plan, record } from '../../queue/plan.ts';
import { proposalKey } from '../../records/proposal.ts';
import { entryAbout, recordTask, type Job } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';
import type { Handler, HandlerOptions } from './handler.ts';

type ProposalJob = Job<'proposal'>;

export const proposal: Handler<'proposal'> = {
  needsCopy: () => false,
  plan(job, copy, options) {
    const { body } = job;
    if (body.declined) return declineProposal(job, copy, options);
    if (body.held !== null && !body.approved) return holdForOrganizer(options, job, body.held, copy.calendar);
    return askOrganizer(job, copy, options);
  },
};

/** The notice has no link if the attendee was never mailed this event, because there is nothing to decline by mail. */
async function askOrganizer(job: ProposalJob, copy: Copy, options: HandlerOptions): Promise<CopyPlan> {
  const { body } = job;
  const { attendee, proposal: proposed } = body;
  const at = options.now();
  const request = lastRequest(copy, job);
  if (request !== null && !(await occurs(job, request, options))) return refused(job, at);
  const why = because('proposal', { who: attendee.asWritten });
  const ledger = [record(entryAbout(job, { at, verdict: 'recorded', ...why }))];
  const notice = { kind: 'proposal', attendee, proposal: proposed } as const;
  if (request === null) return { disposition: done, ledger, notices: [{ ...notice, declineLink: null }] };
  const key = proposalKey(body);
  const declineLink = await options.makeDecisionLink(key, copy.owner);
  return { disposition: { kind: 'hold', reason: 'proposal', key }, ledger, notices: [{ ...notice, declineLink }] };
}

/** One decision covers all proposals of the attendee for that occurrence; only the newest is declined by mail. */
function declineProposal(job: ProposalJob, copy: Copy, { makeId, now }: HandlerOptions): CopyPlan {
  const { body } = job;
  const key = proposalKey(body);
  const newest = copy.jobsOf('proposal').findLast((each) => each.body.declined && proposalKey(each.body) === key);
  if (newest?.task.id !== job.task.id) return { disposition: done };
  const { attendee, origin, proposal: proposed } = body;
  const at = now();
  const request = lastRequest(copy, job);
  const calendar =
    request === null || request.calendar === ''
      ? null
      : declineCounterFor(parseEvent(request.calendar), attendee, proposed.occurrence.recurrenceId, at);
  if (calendar === null) return { ...refused(job, at), failed: { attendee, reason: 'no-such-occurrence' } };
  const message = {
    kind: 'schedule-message',
    origin,
    from: copy.owner,
    to: attendee,
    method: 'DECLINECOUNTER',
    calendar,
    again: true,
  } as const;
  return { disposition: done, add: [recordTask(message, { id: makeId(at), createdAt: at })] };
}

/** Whether the event has the occurrence. An invented one would be shown to the organizer and declined in their name. */
async function occurs({ body }: ProposalJob, { calendar }: Mailing, { expand }: HandlerOptions): Promise<boolean> {
  const { occurrence } = body.proposal;
  // Without the mailed calendar the occurrence cannot be checked.
  if (occurrence.recurrenceId === null || calendar === '') return true;
  const document = parseEvent(calendar);
  const query = occurrencesNeeded(document, { occurrence, range: null });
  const occurrences = query === null ? null : await expand(query);
  return matchOccurrence(document, occurrence.recurrenceId, occurrences).kind !== 'none';
}

function refused(job: ProposalJob, at: number): Plan {
  return {
    disposition: done,
    ledger: [
      record(entryAbout(job, { at, verdict: 'refused', ...because('no-such-occurrence', { isProposal: true }) })),
    ],
  };
}

/** The last REQUEST mailed to that attendee about the occurrence or the series. */
function lastRequest({ context }: Copy, { body }: ProposalJob): Mailing | null {
  const { recurrenceId } = body.proposal.occurrence;
  const isAbout = (mailing: Mailing): boolean =>
    mailing.recipientKey === body.attendee.key &&
    mailing.method === 'REQUEST' &&
    (mailing.recurrenceId === null || mailing.recurrenceId === recurrenceId);
  return context.mailings.findLast(isAbout) ?? null;
}
