// A COUNTER (RFC 5546 §3.2.7) never edits the copy. The organizer is told, with a link to decline; a DECLINECOUNTER then goes
// out as a schedule message. Moving the event accepts the proposal.
import { parseEvent } from '../../../core/ical/event-document.ts';
import { occurrencesNeeded } from '../../../core/itip/decide.ts';
import { matchOccurrence } from '../../../core/itip/match-occurrence.ts';
import { declineCounterFor } from '../../../core/itip/schedule-message.ts';
import { because } from '../../../core/reasons.ts';
import type { Mailing } from '../../ports/spool.ts';
import { holdForOrganizer } from '../../questions/hold-for-organizer.ts';
import { done, type Plan, record } from '../../queue/plan.ts';
import { proposalKey } from '../../records/proposal.ts';
import { entryAbout, recordTask, type Waiting } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';
import type { Handler, HandlerOptions } from './handler.ts';

type WaitingProposal = Waiting<'proposal'>;

export const proposal: Handler<'proposal'> = {
  needsCopy: () => false,
  plan(waiting, copy, options) {
    const { body } = waiting;
    if (body.declined) return declineProposal(waiting, copy, options);
    if (body.held !== null && !body.approved) return holdForOrganizer(options, waiting, body.held, copy.calendar);
    return askOrganizer(waiting, copy, options);
  },
};

/** If we never mailed the attendee this event, nothing can be sent in the organizer's name: the notice has no link. */
async function askOrganizer(waiting: WaitingProposal, copy: Copy, options: HandlerOptions): Promise<CopyPlan> {
  const { body } = waiting;
  const { attendee, proposal: proposed } = body;
  const at = options.now();
  const request = lastRequest(copy, waiting);
  if (request !== null && !(await occurs(waiting, request, options))) return refused(waiting, at);
  const why = because('proposal', { who: attendee.asWritten });
  const ledger = [record(entryAbout(waiting, { at, verdict: 'recorded', ...why }))];
  const notice = { kind: 'proposal', attendee, proposal: proposed } as const;
  if (request === null) return { end: done, ledger, notices: [{ ...notice, declineLink: null }] };
  const key = proposalKey(body);
  const declineLink = await options.linkToDecide(key, copy.owner);
  return { end: { kind: 'hold', reason: 'proposal', key }, ledger, notices: [{ ...notice, declineLink }] };
}

/** One decision covers all that the attendee proposed for that occurrence: the newest proposal is declined by mail. */
function declineProposal(waiting: WaitingProposal, copy: Copy, { makeId, now }: HandlerOptions): CopyPlan {
  const { body } = waiting;
  const key = proposalKey(body);
  const newest = copy.waiting('proposal').findLast((each) => each.body.declined && proposalKey(each.body) === key);
  if (newest?.task.id !== waiting.task.id) return { end: done };
  const { attendee, origin, proposal: proposed } = body;
  const at = now();
  const request = lastRequest(copy, waiting);
  const calendar =
    request === null || request.calendar === ''
      ? null
      : declineCounterFor(parseEvent(request.calendar), attendee, proposed.occurrence.recurrenceId, at);
  if (calendar === null) return { ...refused(waiting, at), failed: { attendee, reason: 'no-such-occurrence' } };
  const message = {
    kind: 'schedule-message',
    origin,
    from: copy.owner,
    to: attendee,
    method: 'DECLINECOUNTER',
    calendar,
    again: true,
  } as const;
  return { end: done, add: [recordTask(message, { id: makeId(at), createdAt: at })] };
}

/** An invented occurrence would be shown to the organizer as planned, and declined in the organizer's name. */
async function occurs({ body }: WaitingProposal, { calendar }: Mailing, { expand }: HandlerOptions): Promise<boolean> {
  const { occurrence } = body.proposal;
  // The calendar is kept for a limited time; without it nothing can be checked.
  if (occurrence.recurrenceId === null || calendar === '') return true;
  const document = parseEvent(calendar);
  const query = occurrencesNeeded(document, { occurrence, range: null });
  const occurrences = query === null ? null : await expand(query);
  return matchOccurrence(document, occurrence.recurrenceId, occurrences).kind !== 'none';
}

function refused(waiting: WaitingProposal, at: number): Plan {
  return {
    end: done,
    ledger: [
      record(entryAbout(waiting, { at, verdict: 'refused', ...because('no-such-occurrence', { isProposal: true }) })),
    ],
  };
}

/** What that attendee was last mailed about the occurrence, or about the series. */
function lastRequest({ context }: Copy, { body }: WaitingProposal): Mailing | null {
  const { recurrenceId } = body.proposal.occurrence;
  const isAbout = (mailing: Mailing): boolean =>
    mailing.recipientKey === body.attendee.key &&
    mailing.method === 'REQUEST' &&
    (mailing.recurrenceId === null || mailing.recurrenceId === recurrenceId);
  return context.mailings.findLast(isAbout) ?? null;
}
