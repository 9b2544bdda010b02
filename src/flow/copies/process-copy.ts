// Queue `event`, one lane. In: all due jobs of one copy; out: their plans. The copy is loaded once,
// the records are planned one after the other, and all edits are written in one PUT.
import type { NoticeKind } from '../../core/compose/types.ts';
import { GatewayError } from '../../core/errors.ts';
import type { EventDocument } from '../../core/ical/event-document.ts';
import { validText } from '../../core/ical/content-lines.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { CopyContext, Ledger, LedgerWrite } from '../ports/spool.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import type { LaneHandler } from '../queue/plan.ts';
import type { WriteBatching } from '../queue/write-batching.ts';
import { heldParties } from '../records/held.ts';
import type { Origin } from '../records/parts.ts';
import { copyLane } from '../records/record-kind.ts';
import { type EventKind, type Job, type NewRecord, originOf } from '../records/records.ts';
import { attendeesOf, Copy, type CopyFacts, type CopyPlan, isToApply, type Stored } from './copy.ts';
import { editCopy, type EditedCopy } from './edit-copy.ts';
import type { HandlerOptions } from './handlers/handler.ts';
import { inPlanningOrder, needsCopy, planRecord } from './handlers/handlers.ts';
import { moveToOtherUid } from './move-to-other-uid.ts';

export interface ProcessCopyOptions extends HandlerOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly writeBatching: WriteBatching;
}

interface PlannedJob {
  readonly job: Job<EventKind>;
  readonly plan: CopyPlan;
}

export function processCopy(options: ProcessCopyOptions): LaneHandler<EventKind> {
  return async (batch) => {
    const facts = await openCopy(options, batch);
    if (batch.some((job) => job.body.kind === 'answer' && isToApply(job as Job<'answer'>))) {
      options.writeBatching.begin(copyLane(facts.owner, facts.uid));
    }
    const edited = await planBatch(options, facts);
    const moved = await moveToOtherUid(options, facts, edited.stored);
    if (moved !== null) return { planned: moved };
    return {
      planned: edited.result.map(({ job, plan }) => ({ id: job.task.id, plan })),
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
  const { owner, uid } = copyOf(first);
  const allAttendees = batch.some(({ body }) => body.kind === 'verify');
  const attendees = new Set(batch.flatMap(({ body }) => attendeesOf(body)));
  const context = await ledger.copyContext(owner.key, uid, allAttendees ? null : [...attendees]);
  return { owner, uid, context, batch, now: now() };
}

function copyOf({ body }: Job<EventKind>): Pick<CopyFacts, 'owner' | 'uid'> {
  if ('owner' in body) return body;
  if (body.kind === 'refresh') return { owner: body.organizer, uid: body.uid };
  const { organizer, uid } = heldParties(body);
  return { owner: organizer, uid };
}

async function planBatch(options: ProcessCopyOptions, facts: CopyFacts): Promise<EditedCopy<readonly PlannedJob[]>> {
  const records = inPlanningOrder(facts.batch);
  const plan = async (stored: Stored): Promise<{ document: EventDocument | null; result: readonly PlannedJob[] }> => {
    const copy = new Copy(facts, stored);
    const planned: PlannedJob[] = [];
    for (const job of records) {
      const next = await planRecord(job, copy, options);
      copy.apply(next);
      planned.push({ job, plan: next });
    }
    return { document: copy.document, result: planned };
  };
  const { owner, uid, context, batch } = facts;
  if (batch.some((job) => needsCopy(job) !== 'none')) {
    try {
      return await editCopy(options.store, { owner, uid, href: context.place?.href ?? null }, plan);
    } catch (error) {
      if (!canDoWithoutCopy(batch, error)) throw error;
    }
  }
  const stored = { kind: 'not-loaded' } as const;
  return { stored, text: null, href: null, written: false, result: (await plan(stored)).result };
}

/** With the back-off of this queue, about ten minutes. */
const MAX_LOADS_FOR_NOTICE = 8;

/** Whether only notices want the copy, and it cannot be loaded at all or could not be loaded for a while. */
function canDoWithoutCopy(batch: readonly Job<EventKind>[], error: unknown): boolean {
  if (!(error instanceof GatewayError) || batch.some((job) => needsCopy(job) === 'required')) return false;
  return !error.temporary || batch.some(({ task }) => task.attempts >= MAX_LOADS_FOR_NOTICE);
}

function placeOf({ owner, uid, context }: CopyFacts, { href }: EditedCopy<unknown>): LedgerWrite[] {
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
  { written, result }: EditedCopy<readonly PlannedJob[]>,
): NewRecord[] {
  const wanted = result.map(({ plan }) => plan.reread).find((reread) => reread !== undefined);
  if (wanted === 'never' || (wanted === undefined && !written)) return [];
  const at = now();
  const due = batch.flatMap(({ task, body }) => (body.kind === 'answer' ? [task.dueAt] : []));
  const lateMs = at - Math.min(at, ...due);
  const delayMs = Math.min(lateMs * REREAD_DELAY.perLateMs, REREAD_DELAY.maxMs);
  const dueAt = at + REREAD_AFTER_MS + delayMs;
  return [{ body: { kind: 'verify', owner, uid, round: wanted?.round ?? 0 }, dueAt }];
}

/**
 * One mail for all answers of the batch, one for the digest, one for failed decisions, and one for each other notice.
 */
function noticesOf(
  { notifyOrganizer }: ProcessCopyOptions,
  { owner, uid, context }: CopyFacts,
  { text, result }: EditedCopy<readonly PlannedJob[]>,
): NewRecord[] {
  const calendar = text === null ? lastMailed(context) : validText(text);
  const notify = (notices: readonly OwnerNotice[], when?: 'now'): NewRecord[] => {
    const [first] = notices;
    if (first === undefined) return [];
    const { origin } = first;
    return notifyOrganizer({ owner, uid, calendar, notices: notices.map(({ notice }) => notice), origin }, when);
  };
  const planned = result.flatMap(({ job, plan }) =>
    (plan.notices ?? []).map((notice): OwnerNotice => ({ notice, origin: originOf(job) })),
  );
  const digest = result.flatMap(({ job: { body } }): OwnerNotice[] =>
    body.kind === 'notice' ? [{ notice: body.notice, origin: body.origin }] : [],
  );
  const failed = result.flatMap(({ job, plan }): OwnerNotice[] =>
    plan.failed === undefined ? [] : [{ notice: { kind: 'not-entered', ...plan.failed }, origin: originOf(job) }],
  );
  const isAnswer = ({ notice }: OwnerNotice): boolean => notice.kind === 'answer';
  return [
    ...notify(planned.filter(isAnswer)),
    ...planned.filter((each) => !isAnswer(each)).flatMap((each) => notify([each])),
    ...notify(digest, 'now'),
    ...notify(failed),
  ];
}

interface OwnerNotice {
  readonly notice: NoticeKind;
  readonly origin: Origin;
}

function lastMailed({ mailings }: CopyContext): string | null {
  return mailings.at(-1)?.calendar ?? null;
}
