// The organizer's decision about everything held under one key. The choices for an answer of an unproven sender are
// `alias` ("this is Bob", saved), `once` and `ignore`; for a proposal `decline` and `leave`; for a delegation
// `add` and `leave`. A link works once; a used link is refused as `already-decided`.
import { readEventView } from '../../core/compose/event-view.ts';
import { nullIfUnparseable } from '../../core/ical/event-document.ts';
import type { EventView } from '../../core/compose/types.ts';
import type { HeldChoice, HeldView } from '../../core/pages/decision-page.ts';
import { because, type Verdict } from '../../core/reasons.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { DecisionClaims } from '../../core/signing/types.ts';
import { within } from '../../core/within.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Ledger, LedgerWrite, Spool } from '../ports/spool.ts';
import type { Outcomes } from '../queue/outcomes.ts';
import { mark } from '../queue/plan.ts';
import { heldFacts, type HeldKind, heldJobs, holdReasonOf } from '../records/held.ts';
import { entryAbout, recordBody, recordTask, type Job } from '../records/records.ts';
import { dayOf, decidedMark } from './ask-owner.ts';
import { currentCalendar } from './current-event.ts';

export interface DecideOptions {
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly store: CalendarStore;
  readonly outcomes: Outcomes;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
  /** DISPLAY_TIMEZONE. */
  readonly timezone: string;
}

/**
 * `not-entered`: an accepted record could not be applied, because the event, the occurrence or the guest does not
 * exist.
 */
export type DecisionOutcome = 'done' | 'already-decided' | 'not-entered';

/** The same as on the RSVP page. */
const OUTCOME_TIMEOUT_MS = 2_000;

/** The choices that change the event. */
const editingChoices: ReadonlySet<HeldChoice> = new Set<HeldChoice>(['alias', 'once', 'add']);
const finalVerdicts: ReadonlySet<Verdict> = new Set<Verdict>(['applied', 'ignored', 'refused', 'recorded']);

type Held = Job<HeldKind>;

export async function readDecision(options: DecideOptions, claims: DecisionClaims): Promise<HeldView | null> {
  const { spool, ledger } = options;
  if (await ledger.marked(usedMark(claims))) return null;
  const held = heldJobs(await spool.held(claims.holdKey));
  const [first] = held;
  if (first === undefined) return null;
  const calendars = await calendarsOf(options, held);
  const answers = held.map((each) => {
    const { partstat, comment, proposal } = heldFacts(each.body);
    const event = viewOf(options, calendars, each);
    return { partstat, comment, proposal, event, reason: holdReasonOf(each.task), receivedAt: each.task.createdAt };
  });
  const { asks, sender, attendee } = heldFacts(first.body);
  return {
    asks,
    sender,
    attendee: attendee.asWritten,
    delegate: first.body.kind === 'delegation' ? first.body.delegate.asWritten : null,
    answers,
  };
}

export async function decideHeld(
  options: DecideOptions,
  claims: DecisionClaims,
  choice: HeldChoice,
): Promise<'done' | 'already-decided'> {
  const { spool, ledger, outcomes, now } = options;
  if (await ledger.marked(usedMark(claims))) return 'already-decided';
  const held = heldJobs(await spool.held(claims.holdKey));
  if (held.length === 0) return 'already-decided';
  const at = now();
  const writes: LedgerWrite[] = [
    mark(usedMark(claims), at),
    mark(decidedMark(claims.holdKey, dayOf(at)), at),
    ...held.map((each) => decidedEntry(each, choice, at)),
    ...(choice === 'alias' ? aliasWrites(held) : []),
  ];
  const decided =
    choice === 'ignore' || choice === 'leave'
      ? await spool.drop(
          held.map(({ task }) => task.id),
          writes,
        )
      : await spool.release(
          held.map((each) => decidedTask(each, choice, at)),
          writes,
        );
  if (decided.length === 0) return 'already-decided';
  outcomes.publish(writes);
  await askAboutRest(options, claims.holdKey, at);
  return 'done';
}

/** A record that was held while this decision was being written needs a new question, because the link is used. */
async function askAboutRest({ spool, makeId }: DecideOptions, key: string, at: number): Promise<void> {
  const [left] = heldJobs(await spool.held(key));
  if (left === undefined) return;
  const { asks, organizer: owner, uid } = heldFacts(left.body);
  if (asks !== 'sender') return;
  const { origin } = left.body;
  const body = { kind: 'question', origin, owner, uid, key, calendar: null, together: false } as const;
  await spool.put([recordTask(body, { id: makeId(at), createdAt: at })]);
}

/**
 * Decides, then waits up to two seconds for the effect on the event. Returns `not-entered` if at least one record is
 * refused in that time.
 */
export async function decideAndWait(
  options: DecideOptions,
  claims: DecisionClaims,
  choice: HeldChoice,
): Promise<DecisionOutcome> {
  const { spool, outcomes } = options;
  const pending = new Set((await spool.held(claims.holdKey)).map(({ id }) => id));
  let refused = false;
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const unsubscribe = outcomes.subscribe(({ taskId, verdict }) => {
    if (!finalVerdicts.has(verdict) || !pending.delete(taskId)) return;
    if (verdict === 'refused') refused = true;
    if (pending.size === 0) settle();
  });
  try {
    const result = await decideHeld(options, claims, choice);
    if (result !== 'done' || !editingChoices.has(choice)) return result;
    await within(AbortSignal.timeout(OUTCOME_TIMEOUT_MS), settled, () => undefined);
    return refused ? 'not-entered' : 'done';
  } finally {
    unsubscribe();
  }
}

/** All jobs have the same sender and attendee, so the alias of the first is that of all. */
function aliasWrites([first]: readonly Held[]): LedgerWrite[] {
  if (first === undefined) return [];
  const { organizer, attendee, sender } = heldFacts(first.body);
  const alias = calendarAddress(sender);
  if (alias === null) return [];
  return [{ kind: 'alias', organizerKey: organizer.key, attendeeKey: attendee.key, alias: alias.key }];
}

/**
 * The task with its decided body. An answer that was held as `changed-elsewhere` counts as sent now, because the
 * organizer's decision is newer than the change in the calendar.
 */
function decidedTask(
  { task, body }: Held,
  choice: HeldChoice,
  at: number,
): { id: string; body: string; dueAt: number } {
  const { id } = task;
  if (body.kind === 'proposal' && choice === 'decline') {
    return { id, body: recordBody({ ...body, declined: true }), dueAt: at };
  }
  if (body.kind === 'answer' && holdReasonOf(task) === 'changed-elsewhere') {
    const { answer } = body;
    const sentNow = { ...answer, revision: { ...answer.revision, sentAt: at } };
    return { id, body: recordBody({ ...body, approved: true, answer: sentNow }), dueAt: at };
  }
  return { id, body: recordBody({ ...body, approved: true }), dueAt: at };
}

function decidedEntry(held: Held, choice: HeldChoice, at: number): LedgerWrite {
  const why = choice === 'decline' ? because('decline', {}) : because(choice);
  return entryAbout(held, { at, verdict: 'decided', ...why });
}

function viewOf(
  { now, timezone }: DecideOptions,
  calendars: ReadonlyMap<string, string | null>,
  { body }: Held,
): EventView | null {
  const { uid, recurrenceId } = heldFacts(body);
  const calendar = calendars.get(uid) ?? null;
  const asOf = { now: now(), timezone };
  return calendar === null ? null : nullIfUnparseable(() => readEventView(calendar, recurrenceId, null, asOf));
}

/** The records under one key may be about many events. Events beyond this number are shown without their details. */
const MAX_EVENTS = 20;

/** Returns the calendars by UID. All records under one key are for one organizer. */
async function calendarsOf(options: DecideOptions, held: readonly Held[]): Promise<Map<string, string | null>> {
  const events = new Map(held.map(({ body }) => [heldFacts(body).uid, heldFacts(body).organizer]));
  const loading = [...events].slice(0, MAX_EVENTS).map(async ([uid, organizer]) => {
    return [uid, await currentCalendar(options, organizer, uid)] as const;
  });
  return new Map(await Promise.all(loading));
}

function usedMark({ holdKey, expiresAt }: DecisionClaims): string {
  return `used:${expiresAt}:${holdKey}`;
}
