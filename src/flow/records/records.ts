// What the tasks of each queue carry, and the lanes they run in. A task's body is one of these as JSON; a received or
// composed mail's bytes are the task's `raw`.
import { GatewayError } from '../../core/errors.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Answer, ClaimedProposal } from '../../core/itip/types.ts';
import type { Envelope, PeerFacts } from '../../core/message/types.ts';
import type { HoldReason, ReasonFor, Verdict } from '../../core/reasons.ts';
import type { NoticeKind } from '../../core/compose/types.ts';
import type { LedgerEntry, NewEntry, NewTask, QueueName, Task } from '../ports/spool.ts';

/** Where a record came in and what it can be found by: copied into every ledger entry about it. */
export interface Origin {
  readonly recordId: string;
  readonly door: string;
  readonly messageId: string | null;
}

/** Queue `incoming`: a mail as it was received; its bytes are the task's raw. */
export interface IncomingBody {
  readonly kind: 'mail';
  readonly envelope: Envelope;
  readonly peer: PeerFacts;
  readonly receivedAt: number;
}

/** Queue `event`: an answer. `approved` is set once the organizer let it pass. */
export interface AnswerBody {
  readonly kind: 'answer';
  readonly origin: Origin;
  readonly answer: Answer;
  /** From of the mail, as shown to the organizer; the attendee for a web answer. */
  readonly sender: string;
  /** Why it must wait for the organizer although the calendar was not asked yet; null: it counts. */
  readonly held: HoldReason | null;
  readonly approved: boolean;
}

/** Queue `event`: re-read the event and put back applied answers that were overwritten. */
export interface VerifyBody {
  readonly kind: 'verify';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly uid: string;
  /** How often answers have been put back in a row. */
  readonly round: number;
}

/** Queue `event`: a wish for another time. */
export interface ProposalBody {
  readonly kind: 'proposal';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly proposal: ClaimedProposal;
  readonly sender: string;
  readonly held: HoldReason | null;
  readonly approved: boolean;
  /** Set once the organizer said no: the attendee is told. */
  readonly declined?: boolean;
}

/** Queue `event`: an attendee sends somebody else. `approved` is set once the organizer wants that one on the list. */
export interface DelegationBody {
  readonly kind: 'delegation';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly delegate: CalendarAddress;
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly approved: boolean;
}

/** Queue `event`: an attendee wants the event again. */
export interface RefreshBody {
  readonly kind: 'refresh';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly uid: string;
}

/** Queue `event`: a mail of ours did not arrive. */
export interface UndeliverableBody {
  readonly kind: 'undeliverable';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
  readonly uid: string;
  readonly diagnostic: string;
}

/** Queue `event`: something to tell the organizer later (NOTIFY_ORGANIZER=digest). */
export interface NoticeBody {
  readonly kind: 'notice';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly notice: NoticeKind;
}

/**
 * Queue `event`, the organizer's own lane: what waits under that key is to be told. `together`: in one mail with others.
 */
export interface HeldNoticeBody {
  readonly kind: 'held-notice';
  readonly origin: Origin;
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly key: string;
  readonly calendar?: string | null;
  readonly together: boolean;
}

export type EventBody =
  | AnswerBody
  | VerifyBody
  | ProposalBody
  | DelegationBody
  | RefreshBody
  | UndeliverableBody
  | NoticeBody
  | HeldNoticeBody;

/** What waits since nothing proves its sender, or the calendar does not take it by itself. */
export type HeldSenderBody = AnswerBody | ProposalBody;

/** What can wait for the organizer's word. */
export type HeldBody = HeldSenderBody | DelegationBody;

/** Queue `invitation`: what the CalDAV server posted for one recipient. The `Invitation` of the design. */
export interface Invitation {
  readonly kind: 'invitation';
  readonly origin: Origin;
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly method: string;
  readonly calendar: string;
  /** True: mail it even if this recipient was told the same before (REFRESH). */
  readonly again: boolean;
}

/** Queue `outgoing`: a composed mail; its bytes are the task's raw. */
export interface OutgoingBody {
  readonly kind: 'outgoing';
  readonly origin: Origin;
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly messageId: string;
  /** What it is, for the ledger: such as `invitation`, `update`, `notice`, `forward`. */
  readonly what: ReasonFor<'mailed'>;
  readonly organizer: CalendarAddress | null;
  /** Set for mails about an event to an attendee: whom to mark if it cannot be delivered. */
  readonly attendee: CalendarAddress | null;
  readonly uid: string | null;
}

export type TaskBody = IncomingBody | EventBody | Invitation | OutgoingBody;

/** Lane names: unit separator, as it can stand in no address and no UID. */
const SEPARATOR = '\u001f';

export function eventLane(organizerKey: string, uid: string): string {
  return `${organizerKey}${SEPARATOR}${uid}`;
}

/** No event has this lane: a UID is never empty. */
export function organizerLane(organizerKey: string): string {
  return eventLane(organizerKey, '');
}

export function recipientLane(uid: string, recipientKey: string): string {
  return `${uid}${SEPARATOR}${recipientKey}`;
}

/** Groups what one organizer's decision covers: all that this sender sent in this attendee's name. */
export function holdKey(organizerKey: string, attendeeKey: string, sender: string): string {
  return [organizerKey, attendeeKey, sender.toLowerCase()].join(SEPARATOR);
}

/** Whose word what waits is, about whose event. */
export function partiesOf(body: HeldBody) {
  if (body.kind === 'delegation') return body;
  const { organizer, attendee, occurrence } =
    body.kind === 'answer' ? body.answer : { ...body, occurrence: body.proposal.occurrence };
  return { organizer, attendee, ...occurrence };
}

/** Groups what one attendee proposes for one occurrence. */
export function proposalKey({ organizer, attendee, proposal }: ProposalBody): string {
  const { uid, recurrenceId } = proposal.occurrence;
  return ['proposal', organizer.key, attendee.key, uid, recurrenceId ?? ''].join(SEPARATOR);
}

/** One per delegate: each is a question of its own. */
export function delegationKey({ organizer, attendee, delegate, uid, recurrenceId }: DelegationBody): string {
  return ['delegation', organizer.key, attendee.key, delegate.key, uid, recurrenceId ?? ''].join(SEPARATOR);
}

export function newTask(
  id: string,
  queue: QueueName,
  lane: string,
  body: TaskBody,
  times: { createdAt: number; dueAt?: number },
  raw: Uint8Array | null = null,
): NewTask {
  // One calendar is posted for each of its attendees: beside the body, the spool keeps it once.
  const { calendar, ...rest } = { calendar: null, ...body };
  return {
    id,
    queue,
    lane,
    body: JSON.stringify(rest),
    raw,
    calendar,
    createdAt: times.createdAt,
    dueAt: times.dueAt ?? times.createdAt,
  };
}

/** Bodies are written by this gateway only; a body that does not parse is a damaged spool. */
export function bodyOf<T extends TaskBody>(task: Task): T {
  try {
    const body = JSON.parse(task.body) as T;
    return task.calendar == null ? body : { ...body, calendar: task.calendar };
  } catch (cause) {
    throw new GatewayError('internal', `the body of task ${task.id} cannot be read`, { cause });
  }
}

/** A ledger entry about something with that origin; what is not known is null. */
export function entryAbout<V extends Verdict>(
  origin: Origin,
  taskId: string,
  facts: { readonly verdict: V; readonly reason: ReasonFor<V> } & Pick<LedgerEntry, 'at' | 'detail'> &
    Partial<Pick<LedgerEntry, 'organizer' | 'uid' | 'recurrenceId' | 'attendee'>>,
): NewEntry {
  return {
    taskId,
    recordId: origin.recordId,
    door: origin.door,
    messageId: origin.messageId,
    organizer: null,
    uid: null,
    recurrenceId: null,
    attendee: null,
    ...facts,
  };
}
