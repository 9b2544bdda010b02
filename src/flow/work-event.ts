// Queue `event`, one lane: everything that waits for one event of one organizer. Answers, lost mails and re-reads become
// one load, one edit, one PUT; then the ledger says what each of them came to, and the organizer is told.
import type { CalendarStore } from '../caldav/types.ts';
import { setScheduleStatus } from '../itip/apply.ts';
import type { EventDocument } from '../itip/event-document.ts';
import type { AppliedAnswer, CalendarAddress } from '../itip/types.ts';
import type { Batch, Changes, Ledger, Task } from '../spool/types.ts';
import { ChangeSet } from './change-set.ts';
import type { LinkToDecide } from './decision-link.ts';
import { editEvent, type EditResult } from './edit-event.ts';
import type { Lane, Waiting } from './event-lane.ts';
import type { HoldForOrganizer } from './hold-for-organizer.ts';
import { type Expand, type JudgedAnswer, judgeAnswers, type WaitingAnswer } from './judge-answers.ts';
import type { NotifyOrganizer } from './notify-organizer.ts';
import { putBack } from './put-back.ts';
import {
  bodyOf,
  type DelegationBody,
  entryAbout,
  type EventBody,
  eventLane,
  type Invitation,
  newTask,
  recipientLane,
  type UndeliverableBody,
} from './records.ts';
import { sayDecision, sayHold } from './say-decision.ts';
import { askAboutDelegates, holdDelegation, settleDelegations, withDelegates } from './settle-delegation.ts';
import { askAboutProposal, tellDeclined } from './settle-proposal.ts';

export interface EventWorkOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly expand: Expand;
  readonly holdForOrganizer: HoldForOrganizer;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly linkToDecide: LinkToDecide;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** How long an event that we invited to may be missing (a move between calendars) before its answers are held. */
const MISSING_PATIENCE_MS = 15 * 60_000;
const MISSING_RETRY_MS = 20_000;
/** Not at once: a writer that raced with us needs this long to show (measured on SabreDAV and DAViCal). */
const VERIFY_AFTER_MS = 1_000;
const MOST_ROUNDS = 5;

interface EventEdit {
  readonly judged: readonly JudgedAnswer[];
  readonly restored: readonly AppliedAnswer[];
}

export function workEvent(options: EventWorkOptions): (batch: Batch) => Promise<Changes> {
  return async ({ tasks }) => {
    const waiting = tasks.map((task) => ({ task, body: bodyOf<EventBody>(task) }));
    const lane = await openLane(
      options,
      waiting.map(({ body }) => body),
    );
    const answers = waiting.filter(isKind('answer')).filter(({ body }) => body.held === null || body.approved);
    const verify = waiting.filter(isKind('verify'));
    const lost = waiting.filter(isKind('undeliverable'));
    const delegations = waiting.filter(isKind('delegation')).filter(({ body }) => body.approved);
    if (answers.length + verify.length + lost.length + delegations.length > 0) {
      const edit = await editEvent(options.store, { ...lane, href: lane.context.event?.href ?? null }, (document) =>
        editDocument(
          options,
          lane,
          document,
          answers,
          verify.length > 0,
          lost.map(({ body }) => body),
          delegations.map(({ body }) => body),
        ),
      );
      await settleEdit(options, lane, edit, { answers, verify, lost });
      settleDelegations(options, lane, edit, delegations);
    }
    await settleRest(options, lane, waiting);
    return lane.set.changes();
  };
}

function isKind<K extends EventBody['kind']>(
  kind: K,
): (waiting: { task: Task; body: EventBody }) => waiting is Waiting<K> {
  return (waiting): waiting is Waiting<K> => waiting.body.kind === kind;
}

async function openLane(options: EventWorkOptions, bodies: readonly EventBody[]): Promise<Lane> {
  const [first] = bodies;
  const { organizer, uid } =
    first?.kind === 'answer' ? { organizer: first.answer.organizer, uid: first.answer.occurrence.uid } : ownerOf(first);
  const everyone = bodies.some(({ kind }) => kind === 'verify');
  const attendees = bodies.flatMap((body) =>
    body.kind === 'answer' ? [body.answer.attendee.key] : 'attendee' in body ? [body.attendee.key] : [],
  );
  const context = await options.ledger.eventContext(organizer.key, uid, everyone ? null : [...new Set(attendees)]);
  return { organizer, uid, context, set: new ChangeSet() };
}

function ownerOf(body: Exclude<EventBody, { kind: 'answer' }> | undefined): {
  organizer: CalendarAddress;
  uid: string;
} {
  if (body === undefined) return { organizer: { key: '', asWritten: '' }, uid: '' };
  return { organizer: body.organizer, uid: body.kind === 'proposal' ? body.proposal.occurrence.uid : body.uid };
}

async function editDocument(
  options: EventWorkOptions,
  lane: Lane,
  loaded: EventDocument,
  answers: readonly WaitingAnswer[],
  verify: boolean,
  lost: readonly UndeliverableBody[],
  delegations: readonly DelegationBody[],
): Promise<{ document: EventDocument; result: EventEdit }> {
  const now = options.now();
  const { organizer, uid, context } = lane;
  const { document: checked, restored } = verify
    ? await putBack(loaded, context, { organizer, uid }, options.expand, now)
    : { document: loaded, restored: [] };
  const { document: answered, judged } = await judgeAnswers(checked, answers, context, options.expand, now);
  const marked = lost.reduce((current, { attendee }) => setScheduleStatus(current, attendee, '5.1'), answered);
  return { document: withDelegates(marked, delegations), result: { judged, restored } };
}

async function settleEdit(
  options: EventWorkOptions,
  lane: Lane,
  edit: EditResult<EventEdit>,
  {
    answers,
    verify,
    lost,
  }: {
    answers: readonly WaitingAnswer[];
    verify: readonly Waiting<'verify'>[];
    lost: readonly Waiting<'undeliverable'>[];
  },
): Promise<void> {
  const { set, context } = lane;
  if (edit.kind === 'edited') {
    if (edit.href !== context.event?.href) {
      set.write({ kind: 'event', event: { organizerKey: lane.organizer.key, uid: lane.uid, href: edit.href } });
    }
    await settleJudged(options, lane, edit.result.judged, edit.text);
    settleRestored(options, lane, edit.result.restored, verify);
    if (edit.written && verify.length === 0) addVerify(options, lane, 0);
  } else {
    await settleWithoutEvent(options, lane, edit, answers);
    for (const { task } of verify) set.done(task.id);
  }
  await settleLost(options, lane, lost, edit.kind === 'edited' ? edit.text : null);
}

async function settleJudged(
  options: EventWorkOptions,
  lane: Lane,
  judged: readonly JudgedAnswer[],
  calendar: string,
): Promise<void> {
  const { organizer, uid, set } = lane;
  const at = options.now();
  const applied: JudgedAnswer[] = [];
  for (const one of judged) {
    const { task, body, decision } = one;
    if (decision.verdict === 'hold' && !body.approved) {
      await options.holdForOrganizer(set, { task, body, reason: decision.reason, organizer, uid, calendar });
      continue;
    }
    const { attendee, occurrence } = body.answer;
    const recurrenceId = decision.verdict === 'apply' ? decision.occurrence.recurrenceId : occurrence.recurrenceId;
    const verdict = decision.verdict === 'apply' ? 'applied' : decision.verdict === 'ignore' ? 'ignored' : 'refused';
    set.record(
      entryAbout(body.origin, task.id, {
        at,
        verdict,
        reason: decision.reason,
        detail: sayDecision(decision, body.answer),
        organizer: organizer.key,
        uid,
        recurrenceId,
        attendee: attendee.key,
      }),
    );
    set.done(task.id);
    if (decision.verdict !== 'apply') continue;
    for (const record of [decision.record, ...decision.alsoRecord]) {
      set.write({ kind: 'applied', organizerKey: organizer.key, uid, answer: record });
    }
    applied.push(one);
  }
  const told = applied.filter((one) => !askAboutDelegates(options, lane, one, calendar));
  const notices = told.map(({ body: { answer }, decision }) => ({
    kind: 'answer' as const,
    attendee: answer.attendee,
    partstat: answer.partstat,
    comment: answer.comment,
    recurrenceId: decision.verdict === 'apply' ? decision.occurrence.recurrenceId : null,
  }));
  const origin = told[0]?.body.origin;
  if (origin !== undefined) options.notifyOrganizer(set, { organizer, uid, calendar, notices, origin });
}

function settleRestored(
  options: EventWorkOptions,
  lane: Lane,
  restored: readonly AppliedAnswer[],
  verify: readonly Waiting<'verify'>[],
): void {
  const { organizer, uid, set } = lane;
  const at = options.now();
  const round = Math.max(0, ...verify.map(({ body }) => body.round));
  for (const { task, body } of verify) {
    set.done(task.id);
    for (const { attendeeKey, recurrenceId } of body === verify[0]?.body ? restored : []) {
      const detail = 'Somebody wrote an older copy of the event over this answer; it was applied again.';
      set.record(
        entryAbout(body.origin, task.id, {
          at,
          verdict: 'applied',
          reason: 'overwritten',
          detail,
          organizer: organizer.key,
          uid,
          recurrenceId,
          attendee: attendeeKey,
        }),
      );
    }
  }
  if (restored.length > 0 && round + 1 < MOST_ROUNDS) addVerify(options, lane, round + 1);
}

function addVerify(options: EventWorkOptions, { organizer, uid, set }: Lane, round: number): void {
  const now = options.now();
  const id = options.makeId(now);
  const origin = { recordId: id, door: 'gateway', messageId: null };
  set.add(
    newTask(
      id,
      'event',
      eventLane(organizer.key, uid),
      { kind: 'verify', origin, organizer, uid, round },
      { createdAt: now, dueAt: now + VERIFY_AFTER_MS },
    ),
  );
}

/** No event to write to: answers wait a while where we invited, then the organizer decides. */
async function settleWithoutEvent(
  options: EventWorkOptions,
  lane: Lane,
  edit: Exclude<EditResult<EventEdit>, { kind: 'edited' }>,
  answers: readonly WaitingAnswer[],
): Promise<void> {
  const { organizer, uid, context, set } = lane;
  const at = options.now();
  const reason =
    edit.kind === 'none' ? 'unknown-event' : edit.kind === 'ambiguous' ? 'ambiguous-event' : 'event-unusable';
  for (const { task, body } of answers) {
    const invited = context.mailings.length > 0 || body.answer.door === 'web';
    if (edit.kind === 'none' && invited && at - task.createdAt < MISSING_PATIENCE_MS) {
      set.retry(task.id, at + MISSING_RETRY_MS, 'the event is not in any calendar of the organizer');
      if (task.attempts > 0) continue;
      const detail = 'The event is not in any calendar of the organizer; it is looked for again for 15 minutes.';
      set.record(
        entryAbout(body.origin, task.id, {
          at,
          verdict: 'retried',
          reason,
          detail,
          organizer: organizer.key,
          uid,
          attendee: body.answer.attendee.key,
        }),
      );
      continue;
    }
    const calendar = context.mailings.at(-1)?.calendar ?? null;
    if (body.approved) recordRefused(options, lane, { task, body }, reason);
    else await options.holdForOrganizer(set, { task, body, reason, organizer, uid, calendar });
  }
}

/** The organizer let it pass, and the calendar still cannot take it: it ends here instead of being asked about again. */
function recordRefused(
  options: EventWorkOptions,
  { organizer, uid, set }: Lane,
  { task, body }: WaitingAnswer,
  reason: string,
): void {
  const { attendee, occurrence } = body.answer;
  const detail = sayHold(reason, attendee.asWritten);
  set.done(task.id);
  set.record(
    entryAbout(body.origin, task.id, {
      at: options.now(),
      verdict: 'refused',
      reason,
      detail,
      organizer: organizer.key,
      uid,
      recurrenceId: occurrence.recurrenceId,
      attendee: attendee.key,
    }),
  );
}

async function settleLost(
  options: EventWorkOptions,
  lane: Lane,
  lost: readonly Waiting<'undeliverable'>[],
  calendar: string | null,
): Promise<void> {
  const { organizer, uid, context, set } = lane;
  const at = options.now();
  for (const { task, body } of lost) {
    const { attendee, diagnostic, origin } = body;
    set.done(task.id);
    set.write({ kind: 'suppress', organizerKey: organizer.key, recipientKey: attendee.key, reason: diagnostic, at });
    const detail = `The mail to ${attendee.asWritten} did not arrive: ${diagnostic}`;
    set.record(
      entryAbout(origin, task.id, {
        at,
        verdict: 'bounced',
        reason: 'undeliverable',
        detail,
        organizer: organizer.key,
        uid,
        attendee: attendee.key,
      }),
    );
    const about = calendar ?? context.mailings.at(-1)?.calendar ?? null;
    options.notifyOrganizer(set, {
      organizer,
      uid,
      calendar: about,
      notices: [{ kind: 'undeliverable', attendee, diagnostic }],
      origin,
    });
  }
}

/** What needs no event: held answers, proposals, refreshes, notices that waited for their digest. */
async function settleRest(
  options: EventWorkOptions,
  lane: Lane,
  waiting: readonly { task: Task; body: EventBody }[],
): Promise<void> {
  const { organizer, uid, context, set } = lane;
  const calendar = context.mailings.at(-1)?.calendar ?? null;
  for (const { task, body } of waiting) {
    if (body.kind === 'answer' && body.held !== null && !body.approved) {
      await options.holdForOrganizer(set, { task, body, reason: body.held, organizer, uid, calendar });
    } else if (body.kind === 'proposal' && body.held !== null && !body.approved) {
      await options.holdForOrganizer(set, { task, body, reason: body.held, organizer, uid, calendar });
    } else if (body.kind === 'proposal' && !body.declined) {
      await askAboutProposal(options, lane, { task, body }, calendar);
    } else if (body.kind === 'delegation' && !body.approved) {
      await holdDelegation(options, lane, { task, body }, calendar);
    } else if (body.kind === 'refresh') {
      settleRefresh(options, lane, { task, body });
    }
  }
  tellDeclined(
    options,
    lane,
    waiting.filter(isKind('proposal')).filter(({ body }) => body.declined),
  );
  const due = waiting.filter(isKind('notice'));
  const [first] = due;
  if (first === undefined) return;
  options.notifyOrganizer(
    set,
    { organizer, uid, calendar, notices: due.map(({ body }) => body.notice), origin: first.body.origin },
    'now',
  );
  for (const { task } of due) set.done(task.id);
}

/** RFC 5546 §3.2.6: the attendee gets what was mailed last once more. */
function settleRefresh(
  options: EventWorkOptions,
  { organizer, uid, context, set }: Lane,
  { task, body }: Waiting<'refresh'>,
): void {
  const { attendee, origin } = body;
  const at = options.now();
  set.done(task.id);
  const last = context.mailings.findLast(({ recipientKey }) => recipientKey === attendee.key);
  const facts = { at, organizer: organizer.key, uid, attendee: attendee.key };
  if (last === undefined) {
    set.record(
      entryAbout(origin, task.id, {
        ...facts,
        verdict: 'refused',
        reason: 'not-invited',
        detail: `${attendee.asWritten} was never mailed this event.`,
      }),
    );
    return;
  }
  const { method, calendar } = last;
  const request: Invitation = {
    kind: 'invitation',
    origin,
    sender: organizer,
    recipient: attendee,
    method,
    calendar,
    again: true,
  };
  set.add(newTask(options.makeId(at), 'invitation', recipientLane(uid, attendee.key), request, { createdAt: at }));
  set.record(
    entryAbout(origin, task.id, {
      ...facts,
      verdict: 'recorded',
      reason: 'refresh',
      detail: `${attendee.asWritten} asked for the event again.`,
    }),
  );
}
