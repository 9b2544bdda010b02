// A COUNTER (RFC 5546 §3.2.7) never edits the copy. The organizer gets a notice with a link to decline, which sends a
// DECLINECOUNTER to the attendee. To accept the proposal, the organizer moves the event.
import { componentsOf, type EventDocument, parseEvent } from '../../../core/ical/event-document.ts';
import type { CalendarAddress, OccurrenceKey } from '../../../core/ical/types.ts';
import { occurrencesNeeded } from '../../../core/itip/decide.ts';
import { matchOccurrence } from '../../../core/itip/match-occurrence.ts';
import { declineCounterFor } from '../../../core/itip/schedule-message.ts';
import { because } from '../../../core/reasons.ts';
import type { Mailing } from '../../ports/spool.ts';
import type { Expand } from '../../ports/recurrence.ts';
import { holdForOrganizer } from '../../questions/hold-for-organizer.ts';
import { done, ended } from '../../queue/plan.ts';
import { proposalKey } from '../../records/proposal.ts';
import type { Job } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';
import type { Handler, HandlerOptions } from './handler.ts';
import { missingReason, retryWhileMissing } from './missing-copy.ts';
import { refused } from './refused.ts';

type ProposalJob = Job<'proposal'>;

export const proposal: Handler<'proposal'> = {
  attendees: ({ attendee }) => [attendee.key],
  needsCopy({ body }) {
    if (body.declined) return 'required';
    return body.held !== null && !body.approved ? 'none' : 'for-notice';
  },
  plan(job, copy, options) {
    const { body } = job;
    if (body.declined) return declineProposal(job, copy, options);
    if (body.held !== null && !body.approved) return holdForOrganizer(options, job, body.held, copy.calendar);
    return askOrganizer(job, copy, options);
  },
};

/**
 * The notice has a link to decline only if the event lists the attendee or was mailed to them, because the gateway
 * mails nothing to strangers.
 */
async function askOrganizer(job: ProposalJob, copy: Copy, options: HandlerOptions): Promise<CopyPlan> {
  const { body } = job;
  const { attendee } = body;
  const at = options.now();
  const request = lastRequest(copy, job);
  // The mailed calendar is kept for a limited time. If there is no stored event either, the occurrence is not checked.
  const event = copy.document ?? (request?.calendar ? parseEvent(request.calendar) : null);
  const occurrence = event === null ? body.proposal.occurrence : await occurrenceIn(event, job, options.expand);
  // Otherwise an invented occurrence would be shown to the organizer as planned, and declined in their name.
  if (occurrence === null) return ended(job, at, 'refused', because('no-such-occurrence', { isProposal: true }));
  const why = because('proposal', { who: attendee.asWritten });
  const plan = ended(job, at, 'recorded', why);
  const notice = { kind: 'proposal', attendee, proposal: { ...body.proposal, occurrence } } as const;
  if (request === null && !(event !== null && lists(event, attendee))) {
    return { ...plan, notices: [{ ...notice, declineLink: null }] };
  }
  const key = proposalKey(body);
  const declineLink = await options.makeDecisionLink(key, copy.owner);
  return { ...plan, disposition: { kind: 'hold', reason: 'proposal', key }, notices: [{ ...notice, declineLink }] };
}

/** One decision covers all proposals of the attendee for that occurrence; only the newest is declined by mail. */
async function declineProposal(job: ProposalJob, copy: Copy, { expand, now }: HandlerOptions): Promise<CopyPlan> {
  const { body } = job;
  const key = proposalKey(body);
  const newest = copy.jobsOf('proposal').findLast((each) => each.body.declined && proposalKey(each.body) === key);
  if (newest?.task.id !== job.task.id) return { disposition: done };
  const { attendee, origin } = body;
  const { document, owner } = copy;
  const at = now();
  if (document === null) {
    const retry = retryWhileMissing(job, copy, { isExpected: lastRequest(copy, job) !== null, at });
    return retry ?? refused(job, at, because(missingReason(copy), {}));
  }
  const occurrence = await occurrenceIn(document, job, expand);
  const calendar = occurrence && declineCounterFor(document, attendee, occurrence.recurrenceId, at);
  if (calendar === null) return refused(job, at, because('no-such-occurrence', { isProposal: true }));
  return {
    disposition: done,
    add: [
      {
        body: {
          kind: 'schedule-message',
          origin,
          from: owner,
          to: attendee,
          method: 'DECLINECOUNTER',
          calendar,
          again: true,
        },
      },
    ],
  };
}

/** The proposal's occurrence as the event identifies it; null: the event has no such occurrence. */
async function occurrenceIn(
  document: EventDocument,
  { body: { proposal: proposed } }: ProposalJob,
  expand: Expand,
): Promise<OccurrenceKey | null> {
  const { occurrence } = proposed;
  const { uid, recurrenceId } = occurrence;
  if (recurrenceId === null) return occurrence;
  const query = occurrencesNeeded(document, { occurrence, range: null });
  const match = matchOccurrence(document, recurrenceId, query === null ? null : await expand(query));
  switch (match.kind) {
    case 'none':
      return null;
    case 'too-expensive':
      return occurrence;
    case 'master':
      return { uid, recurrenceId: null };
    default:
      return { uid, recurrenceId: match.recurrenceId };
  }
}

function lists(document: EventDocument, attendee: CalendarAddress): boolean {
  return componentsOf(document).some((component) => component.invites(attendee));
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
