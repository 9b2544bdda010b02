// An attendee who sends somebody else (RFC 5546 §3.2.2.3): the answer sets the delegator DELEGATED; the delegate is put on
// the list, and invited, only on the organizer's word. Nobody is asked about a delegate who is on the list already.
import { addDelegate } from '../../core/itip/add-delegate.ts';
import { componentFor, type EventDocument, parseEvent } from '../../core/ical/event-document.ts';
import { requestFor } from '../../core/itip/schedule-message.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { because } from '../../core/reasons.ts';
import type { LinkToDecide } from '../questions/decision-link.ts';
import { type Lane, recordAbout, type Waiting } from './event-lane.ts';
import { type EditResult, withoutEvent } from './edit-event.ts';
import type { JudgedAnswer } from './judge-answers.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import { type DelegationBody, delegationKey, eventLane, newTask, recipientLane } from '../records/records.ts';

export interface DelegationOptions {
  readonly linkToDecide: LinkToDecide;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** Adds a question for each delegate that the event does not list; false: there is none to ask about. */
export function askAboutDelegates(
  options: DelegationOptions,
  { organizer, uid, set }: Lane,
  { body, decision }: JudgedAnswer,
  calendar: string,
): boolean {
  const { attendee, partstat, delegatedTo } = body.answer;
  if (decision.verdict !== 'apply' || partstat !== 'DELEGATED' || delegatedTo.length === 0) return false;
  const { recurrenceId } = decision.occurrence;
  const document = parseEvent(calendar);
  const unlisted = delegatedTo.filter((delegate) => !isListed(document, delegate, recurrenceId));
  const at = options.now();
  for (const delegate of unlisted) {
    const { origin } = body;
    const question = {
      kind: 'delegation',
      origin,
      organizer,
      attendee,
      delegate,
      uid,
      recurrenceId,
      approved: false,
    } as const;
    set.add(newTask(options.makeId(at), 'event', eventLane(organizer.key, uid), question, { createdAt: at }));
  }
  return unlisted.length > 0;
}

export async function holdDelegation(
  options: DelegationOptions,
  lane: Lane,
  waiting: Waiting<'delegation'>,
  calendar: string | null,
): Promise<void> {
  const { organizer, uid, set } = lane;
  const { task, body } = waiting;
  const { attendee, delegate, recurrenceId, origin } = body;
  const key = delegationKey(body);
  set.hold(task.id, 'delegation', key);
  const detail = `${attendee.asWritten} sends ${delegate.asWritten}, who is not on the list.`;
  recordAbout(lane, waiting, { at: options.now(), verdict: 'held', reason: 'delegation', detail, recurrenceId });
  const decisionLink = await options.linkToDecide(key, organizer);
  const notice = { kind: 'delegation', attendee, delegate, recurrenceId, decisionLink } as const;
  options.notifyOrganizer(set, { organizer, uid, calendar, notices: [notice], origin });
}

/** The event with the delegates whom the organizer wants. */
export function withDelegates(document: EventDocument, delegations: readonly DelegationBody[]): EventDocument {
  return delegations.reduce(
    (current, { attendee, delegate, recurrenceId }) => addDelegate(current, attendee, delegate, recurrenceId),
    document,
  );
}

/**
 * The delegate is invited here too: not every CalDAV server tells us of a new guest. Where it does, the second invitation
 * says nothing new and is not mailed.
 */
export function settleDelegations(
  options: DelegationOptions,
  lane: Lane,
  edit: EditResult<unknown>,
  delegations: readonly Waiting<'delegation'>[],
): void {
  const at = options.now();
  for (const waiting of delegations) {
    const { attendee, delegate, recurrenceId, origin } = waiting.body;
    lane.set.done(waiting.task.id);
    if (edit.kind !== 'edited') {
      const reason = withoutEvent[edit.kind];
      recordAbout(lane, waiting, { at, verdict: 'refused', ...because(reason, {}), recurrenceId });
      lane.notEntered.push({ origin, attendee, reason });
      continue;
    }
    const document = parseEvent(edit.text);
    if (!isListed(document, delegate, recurrenceId)) {
      const detail = `${attendee.asWritten} does not send anybody else any more.`;
      recordAbout(lane, waiting, { at, verdict: 'refused', reason: 'not-delegated', detail, recurrenceId });
      lane.notEntered.push({ origin, attendee, reason: 'not-delegated' });
      continue;
    }
    const detail = `${delegate.asWritten} was put on the list in the place of ${attendee.asWritten}.`;
    recordAbout(lane, waiting, { at, verdict: 'applied', reason: 'delegate-added', detail, recurrenceId });
    const { organizer: sender, uid, set } = lane;
    const calendar = requestFor(document, delegate, { now: at, sequence: 0 });
    const invitation = {
      kind: 'invitation',
      origin,
      sender,
      recipient: delegate,
      method: 'REQUEST',
      calendar,
      again: false,
    } as const;
    set.add(newTask(options.makeId(at), 'invitation', recipientLane(uid, delegate.key), invitation, { createdAt: at }));
  }
}

function isListed(document: EventDocument, delegate: CalendarAddress, recurrenceId: string | null): boolean {
  return componentFor(document, recurrenceId)?.invites(delegate) === true;
}
