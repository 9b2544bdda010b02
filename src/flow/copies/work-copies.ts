// Queue `event`, one lane: all records that wait for one copy. The copy is loaded once, each record is planned against it in
// turn, all edits are one PUT, and everything that follows is committed in one transaction.
import type { NoticeKind } from '../../core/compose/types.ts';
import { GatewayError } from '../../core/errors.ts';
import type { EventDocument } from '../../core/ical/event-document.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Changes, CopyContext, Ledger, LedgerWrite, NewTask } from '../ports/spool.ts';
import type { NotifyOrganizer } from '../questions/notify-organizer.ts';
import { changesOf } from '../queue/plan.ts';
import type { WriteBatching } from '../queue/write-batching.ts';
import { heldParties } from '../records/held.ts';
import type { Origin } from '../records/parts.ts';
import { copyLane } from '../records/record-kind.ts';
import { type EventKind, recordTask, type Job } from '../records/records.ts';
import { Copy, type CopyFacts, type CopyPlan, isToApply, type Stored } from './copy.ts';
import { editCopy, type EditedCopy } from './edit-copy.ts';
import type { HandlerOptions } from './handlers/handler.ts';
import { inPlanningOrder, needsCopy, planRecord } from './handlers/handlers.ts';

export interface CopyWorkOptions extends HandlerOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly notifyOrganizer: NotifyOrganizer;
  readonly writeBatching: WriteBatching;
}

interface Planned {
  readonly job: Job<EventKind>;
  readonly plan: CopyPlan;
}

/** All records are of one copy. */
export function workCopies(options: CopyWorkOptions): (batch: readonly Job<EventKind>[]) => Promise<Changes> {
  return async (batch) => {
    const facts = await openCopy(options, batch);
    if (batch.some((job) => job.body.kind === 'answer' && isToApply(job as Job<'answer'>))) {
      options.writeBatching.begin(copyLane(facts.owner, facts.uid));
    }
    const edited = await planBatch(options, facts);
    const planned = edited.result;
    const tasks = planned.map(({ job, plan }) => ({ id: job.task.id, plan }));
    return changesOf(tasks, {
      add: [...rereadAfter(options, facts, edited), ...noticesOf(options, facts, edited)],
      ledger: placeOf(facts, edited),
    });
  };
}

async function openCopy({ ledger, now }: CopyWorkOptions, batch: readonly Job<EventKind>[]): Promise<CopyFacts> {
  const [first] = batch;
  if (first === undefined) throw new GatewayError('internal', 'a batch has no record');
  const { owner, uid } = copyOf(first);
  const everybody = batch.some(({ body }) => body.kind === 'verify');
  const attendees = new Set(batch.flatMap(({ body }) => attendeesOf(body)));
  const context = await ledger.copyContext(owner.key, uid, everybody ? null : [...attendees]);
  return { owner, uid, context, batch, now: now() };
}

function copyOf({ body }: Job<EventKind>): Pick<CopyFacts, 'owner' | 'uid'> {
  if ('owner' in body) return body;
  if (body.kind === 'refresh') return { owner: body.organizer, uid: body.uid };
  const { organizer, uid } = heldParties(body);
  return { owner: organizer, uid };
}

/** Whose past the ledger must tell. */
function attendeesOf(body: Job<EventKind>['body']): string[] {
  if (body.kind === 'answer') return [body.answer.attendee.key];
  if (body.kind === 'undeliverable') return [body.recipient.key];
  return 'attendee' in body ? [body.attendee.key] : [];
}

async function planBatch(options: CopyWorkOptions, facts: CopyFacts): Promise<EditedCopy<readonly Planned[]>> {
  const records = inPlanningOrder(facts.batch);
  const plan = async (stored: Stored): Promise<{ document: EventDocument | null; result: readonly Planned[] }> => {
    const copy = new Copy(facts, stored);
    const planned: Planned[] = [];
    for (const job of records) {
      const next = await planRecord(job, copy, options);
      copy.fold(next);
      planned.push({ job, plan: next });
    }
    return { document: copy.document, result: planned };
  };
  if (records.some(needsCopy)) {
    const { owner, uid, context } = facts;
    return editCopy(options.store, { owner, uid, href: context.place?.href ?? null }, plan);
  }
  const stored = { kind: 'not-loaded' } as const;
  return { stored, text: null, href: null, written: false, result: (await plan(stored)).result };
}

function placeOf({ owner, uid, context }: CopyFacts, { href }: EditedCopy<unknown>): LedgerWrite[] {
  if (href === null || href === context.place?.href) return [];
  return [{ kind: 'place', place: { ownerKey: owner.key, uid, href } }];
}

/** A writer that raced with us needs this long to show (measured on SabreDAV and DAViCal). */
const REREAD_AFTER_MS = 1_000;
/** Answers go first: while more come in than the CalDAV server takes, re-reads are delayed. */
const REREAD_LATER = { perBehind: 10, atMostMs: 30_000 };

/** After a write the copy is read again, in case somebody writes a stale copy over it. */
function rereadAfter(
  { makeId, now }: CopyWorkOptions,
  { owner, uid, batch }: CopyFacts,
  { written, result }: EditedCopy<readonly Planned[]>,
): NewTask[] {
  const wanted = result.map(({ plan }) => plan.reread).find((reread) => reread !== undefined);
  if (wanted === 'never' || (wanted === undefined && !written)) return [];
  const createdAt = now();
  const due = batch.flatMap(({ task, body }) => (body.kind === 'answer' ? [task.dueAt] : []));
  const behindMs = Math.max(0, createdAt - Math.min(createdAt, ...due));
  const later = Math.min(behindMs * REREAD_LATER.perBehind, REREAD_LATER.atMostMs);
  const id = makeId(createdAt);
  const origin = { recordId: id, door: 'gateway', messageId: null };
  const body = { kind: 'verify', origin, owner, uid, round: wanted?.round ?? 0 } as const;
  return [recordTask(body, { id, createdAt, dueAt: createdAt + REREAD_AFTER_MS + later })];
}

/** Answers of one batch are one mail, and so are digests and failed decisions; every other notice is a mail of its own. */
function noticesOf(
  { notifyOrganizer }: CopyWorkOptions,
  { owner, uid, context }: CopyFacts,
  { text, result }: EditedCopy<readonly Planned[]>,
): NewTask[] {
  const calendar = text ?? lastMailed(context);
  const tell = (told: readonly Told[], when?: 'now'): NewTask[] => {
    const [first] = told;
    if (first === undefined) return [];
    const notices = told.map(({ notice }) => notice);
    return notifyOrganizer({ owner, uid, calendar, notices, origin: first.origin }, when);
  };
  const told = result.flatMap(({ job, plan }) =>
    (plan.notices ?? []).map((notice): Told => ({ notice, origin: job.body.origin })),
  );
  const digest = result.flatMap(({ job: { body } }): Told[] =>
    body.kind === 'notice' ? [{ notice: body.notice, origin: body.origin }] : [],
  );
  const failed = result.flatMap(({ job, plan }): Told[] =>
    plan.failed === undefined ? [] : [{ notice: { kind: 'not-entered', ...plan.failed }, origin: job.body.origin }],
  );
  const isAnswer = ({ notice }: Told): boolean => notice.kind === 'answer';
  return [
    ...tell(told.filter(isAnswer)),
    ...told.filter((each) => !isAnswer(each)).flatMap((each) => tell([each])),
    ...tell(digest, 'now'),
    ...tell(failed),
  ];
}

interface Told {
  readonly notice: NoticeKind;
  readonly origin: Origin;
}

function lastMailed({ mailings }: CopyContext): string | null {
  return mailings.at(-1)?.calendar ?? null;
}
