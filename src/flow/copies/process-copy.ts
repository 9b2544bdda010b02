// Queue `event`, one lane. In: all due jobs of one copy; out: their plans. The copy is loaded once, the records are
// planned one after the other, and all edits are written in one PUT.
import { GatewayError } from '../../core/errors.ts';
import { validText } from '../../core/ical/content-lines.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Ledger, LedgerWrite } from '../ports/spool.ts';
import { lastMailed } from '../questions/current-event.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import type { LaneHandler } from '../queue/plan.ts';
import type { WriteBatching } from '../queue/write-batching.ts';
import { copyLane, copyOf, type EventKind, type Job, type NewRecord, originOf } from '../records/records.ts';
import { Copy, type CopyFacts, isToApply, jobsOf, type Stored } from './copy.ts';
import { editCopy, type EditedCopy, type PlannedCopy, type PlannedJob } from './edit-copy.ts';
import type { CopyNeed, HandlerOptions } from './handlers/handler.ts';
import { attendeesOf, handlerOf, inPlanningOrder } from './handlers/handlers.ts';
import { moveToOtherUid } from './move-to-other-uid.ts';

export interface ProcessCopyOptions extends HandlerOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly writeBatching: WriteBatching;
}

export function processCopy(options: ProcessCopyOptions): LaneHandler<EventKind> {
  return async (batch) => {
    const facts = await openCopy(options, batch);
    if (jobsOf(batch, 'answer').some(isToApply)) options.writeBatching.begin(copyLane(facts));
    const edited = await planBatch(options, facts);
    const moved = await moveToOtherUid(options, facts, edited.stored);
    if (moved !== null) return { planned: moved };
    return {
      planned: edited.planned.map(({ job, plan }) => ({ id: job.task.id, plan })),
      more: {
        add: [...rereadAfter(options, facts, edited), ...noticesOf(options, facts, edited)],
        ledger: placeOf(facts, edited),
      },
    };
  };
}

async function openCopy({ ledger, now }: ProcessCopyOptions, batch: readonly Job<EventKind>[]): Promise<CopyFacts> {
  const [first] = batch;
  if (first === undefined) throw new GatewayError('internal', 'a batch has no record');
  const { owner, uid } = copyOf(first.body);
  const context = await ledger.copyContext(owner.key, uid, attendeesOf(batch));
  return { owner, uid, context, batch, now: now() };
}

async function planBatch(options: ProcessCopyOptions, facts: CopyFacts): Promise<EditedCopy> {
  const { batch } = facts;
  const plan = async (stored: Stored): Promise<PlannedCopy> => {
    const copy = new Copy(facts, stored);
    const planned: PlannedJob[] = [];
    for (const job of inPlanningOrder(batch)) {
      const next = await handlerOf(job).plan(job, copy, options);
      copy.apply(next);
      planned.push({ job, plan: next });
    }
    return { document: copy.document, planned };
  };
  if (batch.some((job) => needsCopy(job) !== 'none')) {
    try {
      return await editCopy(options.store, facts, plan);
    } catch (error) {
      if (!canDoWithoutCopy(batch, error)) throw error;
    }
  }
  const stored = { kind: 'not-loaded' } as const;
  const { planned } = await plan(stored);
  return { stored, text: null, href: null, written: false, planned };
}

function needsCopy(job: Job<EventKind>): CopyNeed {
  return handlerOf(job).needsCopy(job);
}

/** With the back-off of this queue, about ten minutes. */
const MAX_LOADS_FOR_NOTICE = 8;

/** Whether no record requires the copy, and loading it failed permanently or has failed for some time. */
function canDoWithoutCopy(batch: readonly Job<EventKind>[], error: unknown): boolean {
  if (!(error instanceof GatewayError) || batch.some((job) => needsCopy(job) === 'required')) return false;
  return !error.temporary || batch.some(({ task }) => task.attempts >= MAX_LOADS_FOR_NOTICE);
}

function placeOf({ owner, uid, context }: CopyFacts, { href }: EditedCopy): LedgerWrite[] {
  if (href === null || href === context.place?.href) return [];
  return [{ kind: 'place', place: { ownerKey: owner.key, uid, href } }];
}

/** A concurrent write is visible after this time (measured on SabreDAV and DAViCal). */
const REREAD_AFTER_MS = 1_000;
/** Answers have priority: re-reads are delayed in proportion to how late the answers are. */
const REREAD_DELAY = { perLateMs: 10, maxMs: 30_000 };

/** Adds a re-read after a write, in case another client overwrites it with a stale copy. */
function rereadAfter(
  { now }: ProcessCopyOptions,
  { owner, uid, batch }: CopyFacts,
  { written, planned }: EditedCopy,
): NewRecord[] {
  const wanted = planned.map(({ plan }) => plan.reread).find((reread) => reread !== undefined);
  if (wanted === 'never' || (wanted === undefined && !written)) return [];
  const at = now();
  const due = jobsOf(batch, 'answer').map(({ task }) => task.dueAt);
  const lateMs = at - Math.min(at, ...due);
  const delayMs = Math.min(lateMs * REREAD_DELAY.perLateMs, REREAD_DELAY.maxMs);
  const dueAt = at + REREAD_AFTER_MS + delayMs;
  return [{ body: { kind: 'verify', owner, uid, round: wanted?.round ?? 0 }, dueAt }];
}

/**
 * One mail for all answers of the batch, one for each other notice, one for the digest, and one for failed decisions.
 */
function noticesOf(
  { notifyOrganizer }: ProcessCopyOptions,
  { owner, uid, context }: CopyFacts,
  { text, planned }: EditedCopy,
): NewRecord[] {
  const calendar = text === null ? lastMailed(context) : validText(text);
  const all = planned.flatMap(({ job, plan: { notices = [], when } }) =>
    notices.map((notice) => ({ notice, when, origin: originOf(job.body, job.task.id) })),
  );
  const notify = (given: typeof all, when?: 'now'): NewRecord[] => {
    const [first] = given;
    if (first === undefined) return [];
    const { origin } = first;
    return notifyOrganizer({ owner, uid, calendar, notices: given.map(({ notice }) => notice), origin }, when);
  };
  const isTogether = ({ notice: { kind } }: (typeof all)[number]): boolean =>
    kind === 'answer' || kind === 'not-entered';
  const fresh = all.filter(({ when }) => when === undefined);
  return [
    ...notify(fresh.filter(({ notice }) => notice.kind === 'answer')),
    ...fresh.filter((each) => !isTogether(each)).flatMap((each) => notify([each])),
    ...notify(
      all.filter(({ when }) => when === 'now'),
      'now',
    ),
    ...notify(fresh.filter(({ notice }) => notice.kind === 'not-entered')),
  ];
}
