// After the event was loaded, edited and written (or could not be): what each answer, re-read and lost mail came to, said
// to the ledger and to the organizer.
import type { AppliedAnswer } from '../../core/itip/types.ts';
import { isAddressAtFault } from '../../core/message/address-at-fault.ts';
import { because } from '../../core/reasons.ts';
import { type EditResult, withoutEvent } from './edit-event.ts';
import type { EventWorkOptions, Lane, Waiting } from './event-lane.ts';
import { holdForOrganizer } from '../questions/hold-for-organizer.ts';
import type { JudgedAnswer, WaitingAnswer } from './judge-answers.ts';
import { entryAbout, eventLane, newTask } from '../records/records.ts';
import { sayDecision } from '../questions/decision-text.ts';
import { askAboutDelegates } from './settle-delegation.ts';

/**
 * How long an event that we invited to may be missing (a move between calendars) before its answers are held: a quarter of
 * an hour, in tries and not by a clock that may be set forward.
 */
const MISSING_RETRY_MS = 20_000;
const MISSING_TRIES = 45;
/** Not at once: a writer that raced with us needs this long to show (measured on SabreDAV and DAViCal). */
const VERIFY_AFTER_MS = 1_000;
/** Answers come first: while there are more than the calendar takes, re-reads wait until it has time. */
const VERIFY_LATER = { perBehind: 10, atMostMs: 30_000 };
const MOST_ROUNDS = 5;

export interface EventEdit {
  readonly judged: readonly JudgedAnswer[];
  readonly restored: readonly AppliedAnswer[];
}

export function settleEdit(
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
): void {
  const { set, context } = lane;
  if (edit.kind === 'edited') {
    if (edit.href !== context.event?.href) {
      set.write({ kind: 'event', event: { organizerKey: lane.organizer.key, uid: lane.uid, href: edit.href } });
    }
    settleJudged(options, lane, edit.result.judged, edit.text);
    settleRestored(options, lane, edit.result.restored, verify);
    if (edit.written && edit.result.restored.length === 0) addVerify(options, lane, 0);
  } else {
    settleWithoutEvent(options, lane, edit, answers);
    for (const { task } of verify) set.done(task.id);
  }
  settleLost(options, lane, lost, edit.kind === 'edited' ? edit.text : null);
}

function settleJudged(options: EventWorkOptions, lane: Lane, judged: readonly JudgedAnswer[], calendar: string): void {
  const { organizer, uid, set } = lane;
  const at = options.now();
  const applied: JudgedAnswer[] = [];
  for (const one of judged) {
    const { task, body, decision } = one;
    if (decision.verdict === 'hold' && !body.approved) {
      holdForOrganizer(options, set, { task, body, reason: decision.reason, organizer, uid, calendar });
      continue;
    }
    const { attendee, occurrence } = body.answer;
    const recurrenceId = decision.verdict === 'apply' ? decision.occurrence.recurrenceId : occurrence.recurrenceId;
    const verdict = decision.verdict === 'apply' ? 'applied' : decision.verdict === 'ignore' ? 'ignored' : 'refused';
    set.record(
      entryAbout(body.origin, task.id, {
        at,
        verdict,
        ...sayDecision(decision, body.answer),
        organizer: organizer.key,
        uid,
        recurrenceId,
        attendee: attendee.key,
      }),
    );
    set.done(task.id);
    if (body.approved && verdict === 'refused') {
      lane.notEntered.push({ origin: body.origin, attendee, reason: decision.reason });
    }
    if (decision.verdict !== 'apply') continue;
    // Whoever answers has got our mail, whatever bounced.
    set.write({ kind: 'unsuppress', organizerKey: organizer.key, recipientKey: attendee.key });
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
  const again =
    round + 1 < MOST_ROUNDS
      ? 'applied again'
      : `applied for the last time: it went on for ${MOST_ROUNDS} times in a row`;
  for (const { task, body } of verify) {
    set.done(task.id);
    for (const { attendeeKey, recurrenceId } of body === verify[0]?.body ? restored : []) {
      const detail = `Somebody wrote an older copy of the event over this answer; it was ${again}.`;
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

function addVerify(options: EventWorkOptions, { organizer, uid, set, behindMs }: Lane, round: number): void {
  const now = options.now();
  const later = Math.min(behindMs * VERIFY_LATER.perBehind, VERIFY_LATER.atMostMs);
  const id = options.makeId(now);
  const origin = { recordId: id, door: 'gateway', messageId: null };
  set.add(
    newTask(
      id,
      'event',
      eventLane(organizer.key, uid),
      { kind: 'verify', origin, organizer, uid, round },
      { createdAt: now, dueAt: now + VERIFY_AFTER_MS + later },
    ),
  );
}

/** No event to write to: answers wait a while where we invited, then the organizer decides. */
function settleWithoutEvent(
  options: EventWorkOptions,
  lane: Lane,
  edit: Exclude<EditResult<EventEdit>, { kind: 'edited' }>,
  answers: readonly WaitingAnswer[],
): void {
  const { organizer, uid, context, set } = lane;
  const at = options.now();
  const reason = withoutEvent[edit.kind];
  for (const { task, body } of answers) {
    const invited = context.mailings.length > 0 || body.answer.door === 'web';
    // What the organizer let pass has been waiting for them as well.
    const isOld = body.approved && at - task.createdAt >= MISSING_TRIES * MISSING_RETRY_MS;
    if (edit.kind === 'none' && invited && !isOld && task.attempts < MISSING_TRIES) {
      set.retry(task.id, at + MISSING_RETRY_MS, 'the event is not in any calendar of the organizer');
      if (task.attempts > 0) continue;
      const detail = 'The event is not in any calendar of the organizer; it is looked for again for 15 minutes.';
      set.record(
        entryAbout(body.origin, task.id, {
          at,
          verdict: 'retried',
          reason: 'unknown-event',
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
    else holdForOrganizer(options, set, { task, body, reason, organizer, uid, calendar });
  }
}

/** The organizer let it pass, and the calendar still cannot take it: it ends here instead of being asked about again. */
function recordRefused(
  options: EventWorkOptions,
  lane: Lane,
  { task, body }: WaitingAnswer,
  reason: (typeof withoutEvent)[keyof typeof withoutEvent],
): void {
  const { organizer, uid, set } = lane;
  const { attendee, occurrence } = body.answer;
  lane.notEntered.push({ origin: body.origin, attendee, reason });
  set.done(task.id);
  set.record(
    entryAbout(body.origin, task.id, {
      at: options.now(),
      verdict: 'refused',
      ...because(reason, {}),
      organizer: organizer.key,
      uid,
      recurrenceId: occurrence.recurrenceId,
      attendee: attendee.key,
    }),
  );
}

function settleLost(
  options: EventWorkOptions,
  lane: Lane,
  lost: readonly Waiting<'undeliverable'>[],
  calendar: string | null,
): void {
  const { organizer, uid, context, set } = lane;
  const at = options.now();
  for (const { task, body } of lost) {
    const { attendee, diagnostic, origin } = body;
    set.done(task.id);
    if (isAddressAtFault(diagnostic)) {
      set.write({ kind: 'suppress', organizerKey: organizer.key, recipientKey: attendee.key, reason: diagnostic, at });
    }
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
