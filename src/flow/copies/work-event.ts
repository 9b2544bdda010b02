// Queue `event`, one lane: everything that waits for one event of one organizer. Answers, lost mails and re-reads become
// one load, one edit, one PUT; then the ledger says what each of them came to, and the organizer is told.
import { setScheduleStatus } from '../../core/itip/apply.ts';
import type { EventDocument } from '../../core/ical/event-document.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Batch, Changes, Task } from '../ports/spool.ts';
import { ChangeSet } from '../queue/change-set.ts';
import { editEvent } from './edit-event.ts';
import type { EventWorkOptions, Lane, Waiting } from './event-lane.ts';
import { holdForOrganizer } from '../questions/hold-for-organizer.ts';
import { judgeAnswers, type WaitingAnswer } from './judge-answers.ts';
import { putBack } from './put-back.ts';
import { bodyOf, eventLane, type DelegationBody, type EventBody, type UndeliverableBody } from '../records/records.ts';
import { holdDelegation, settleDelegations, withDelegates } from './settle-delegation.ts';
import { type EventEdit, settleEdit } from './settle-edit.ts';
import { askAboutProposal, tellDeclined } from './settle-proposal.ts';
import { settleRefresh } from './settle-refresh.ts';
import { tellNotEntered } from '../questions/notify-failed-decision.ts';

export function workEvent(options: EventWorkOptions): (batch: Batch) => Promise<Changes> {
  return async ({ tasks }) => {
    const waiting = tasks.map((task) => ({ task, body: bodyOf<EventBody>(task) }));
    const lane = await openLane(options, waiting);
    const answers = waiting.filter(isKind('answer')).filter(({ body }) => body.held === null || body.approved);
    const verify = waiting.filter(isKind('verify'));
    if (answers.length > 0) options.pace.begin(eventLane(lane.organizer.key, lane.uid));
    const lost = waiting.filter(isKind('undeliverable'));
    const delegations = waiting.filter(isKind('delegation')).filter(({ body }) => body.approved);
    let event: string | null = null;
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
      if (edit.kind === 'edited') event = edit.text;
      settleEdit(options, lane, edit, { answers, verify, lost });
      settleDelegations(options, lane, edit, delegations);
    }
    await settleRest(options, lane, waiting);
    tellNotEntered(options, lane, event);
    return lane.set.changes();
  };
}

function isKind<K extends EventBody['kind']>(
  kind: K,
): (waiting: { task: Task; body: EventBody }) => waiting is Waiting<K> {
  return (waiting): waiting is Waiting<K> => waiting.body.kind === kind;
}

async function openLane(options: EventWorkOptions, waiting: readonly { task: Task; body: EventBody }[]): Promise<Lane> {
  const bodies = waiting.map(({ body }) => body);
  const [first] = bodies;
  const due = waiting.filter(isKind('answer')).map(({ task }) => task.dueAt);
  const behindMs = Math.max(0, options.now() - Math.min(options.now(), ...due));
  const { organizer, uid } =
    first?.kind === 'answer' ? { organizer: first.answer.organizer, uid: first.answer.occurrence.uid } : ownerOf(first);
  const everyone = bodies.some(({ kind }) => kind === 'verify');
  const attendees = bodies.flatMap((body) =>
    body.kind === 'answer' ? [body.answer.attendee.key] : 'attendee' in body ? [body.attendee.key] : [],
  );
  const context = await options.ledger.eventContext(organizer.key, uid, everyone ? null : [...new Set(attendees)]);
  return { organizer, uid, context, set: new ChangeSet(), behindMs, notEntered: [] };
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
      holdForOrganizer(options, set, { task, body, reason: body.held, organizer, uid, calendar });
    } else if (body.kind === 'proposal' && body.held !== null && !body.approved) {
      holdForOrganizer(options, set, { task, body, reason: body.held, organizer, uid, calendar });
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
  await options.tellHeld(set, waiting.filter(isKind('held-notice')));
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
