// A wish for another time (RFC 5546 §3.2.7) never edits the event. The organizer is told, with a link to say no; that no
// goes out as a DECLINECOUNTER, like every mail about an event by way of the queue `invitation`. Moving the event is yes.
import { occurrencesNeeded } from '../../core/itip/decide.ts';
import { parseEvent } from '../../core/ical/event-document.ts';
import { matchOccurrence } from '../../core/itip/match-occurrence.ts';
import { declineCounterFor } from '../../core/itip/schedule-message.ts';
import type { Mailing } from '../ports/spool.ts';
import type { LinkToDecide } from '../questions/decision-link.ts';
import { type Lane, recordAbout, type Waiting } from './event-lane.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import { newTask, proposalKey, recipientLane } from '../records/records.ts';

export interface ProposalOptions {
  readonly expand: Expand;
  readonly linkToDecide: LinkToDecide;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** Where we never mailed the attendee this event, nothing can be said in the organizer's name: then there is no link. */
export async function askAboutProposal(
  options: ProposalOptions,
  lane: Lane,
  waiting: Waiting<'proposal'>,
  calendar: string | null,
): Promise<void> {
  const { organizer, uid, set } = lane;
  const { task, body } = waiting;
  const { attendee, proposal, origin } = body;
  const { recurrenceId } = proposal.occurrence;
  const request = lastRequest(lane, waiting);
  if (request !== null && !(await occurs(options, request, waiting))) {
    set.done(task.id);
    refuse(lane, waiting, options.now());
    return;
  }
  const detail = `${attendee.asWritten} proposes another time; the event stays as it is.`;
  recordAbout(lane, waiting, { at: options.now(), verdict: 'recorded', reason: 'proposal', detail, recurrenceId });
  let declineLink: string | null = null;
  if (request === null) set.done(task.id);
  else {
    const key = proposalKey(body);
    set.hold(task.id, 'proposal', key);
    declineLink = await options.linkToDecide(key, organizer);
  }
  const notice = { kind: 'proposal', attendee, proposal, declineLink } as const;
  options.notifyOrganizer(set, { organizer, uid, calendar, notices: [notice], origin });
}

/** One no covers all that the attendee proposed for that occurrence. */
export function tellDeclined(options: ProposalOptions, lane: Lane, declined: readonly Waiting<'proposal'>[]): void {
  const { organizer, uid, set } = lane;
  const newest = new Map(declined.map((waiting) => [proposalKey(waiting.body), waiting]));
  for (const { task } of declined) set.done(task.id);
  for (const waiting of newest.values()) {
    const { attendee: recipient, proposal, origin } = waiting.body;
    const { recurrenceId } = proposal.occurrence;
    const at = options.now();
    const request = lastRequest(lane, waiting);
    const calendar =
      request === null || request.calendar === ''
        ? null
        : declineCounterFor(parseEvent(request.calendar), recipient, recurrenceId, at);
    if (calendar === null) {
      refuse(lane, waiting, at);
      lane.notEntered.push({ origin, attendee: recipient, reason: 'no-such-occurrence' });
      continue;
    }
    const method = 'DECLINECOUNTER';
    const mail = { kind: 'invitation', origin, sender: organizer, recipient, method, calendar, again: true } as const;
    set.add(newTask(options.makeId(at), 'invitation', recipientLane(uid, recipient.key), mail, { createdAt: at }));
  }
}

/** Made up, it would be shown to the organizer as planned, and declined in the organizer's name. */
async function occurs(
  { expand }: ProposalOptions,
  { calendar }: Mailing,
  { body }: Waiting<'proposal'>,
): Promise<boolean> {
  const { occurrence } = body.proposal;
  // Without the calendar, which is kept for a time only, nobody can tell.
  if (occurrence.recurrenceId === null || calendar === '') return true;
  const document = parseEvent(calendar);
  const query = occurrencesNeeded(document, { occurrence, range: null });
  const occurrences = query === null ? null : await expand(query);
  return matchOccurrence(document, occurrence.recurrenceId, occurrences).kind !== 'none';
}

function refuse(lane: Lane, waiting: Waiting<'proposal'>, at: number): void {
  const { recurrenceId } = waiting.body.proposal.occurrence;
  const detail = 'The proposal is about no occurrence of the event: nobody is told.';
  recordAbout(lane, waiting, { at, verdict: 'refused', reason: 'no-such-occurrence', detail, recurrenceId });
}

/** What that attendee was mailed last about the occurrence, or about the series. */
function lastRequest({ context }: Lane, { body }: Waiting<'proposal'>): Mailing | null {
  const { recurrenceId } = body.proposal.occurrence;
  const isAbout = (mailing: Mailing): boolean =>
    mailing.recipientKey === body.attendee.key &&
    mailing.method === 'REQUEST' &&
    (mailing.recurrenceId === null || mailing.recurrenceId === recurrenceId);
  return context.mailings.findLast(isAbout) ?? null;
}
