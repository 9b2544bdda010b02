// The organizer's word on what was held. An answer from somebody unproven: "this is Bob" (remembered), "this once", or
// "ignore"; a proposal: "decline" or "leave"; a delegate: "add" or "leave". A link works once; it covers everything that
// waits under it at that moment.
import { readEventView } from '../../core/compose/event-view.ts';
import type { EventView } from '../../core/compose/types.ts';
import type { HeldAnswer, HeldChoice, HeldShown, Question } from '../../core/pages/decision-page.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { DecisionClaims } from '../../core/signing/types.ts';
import type { Verdict } from '../../core/reasons.ts';
import { within } from '../../core/within.ts';
import type { Ledger, LedgerWrite, Spool, Task } from '../ports/spool.ts';
import type { Outcomes } from '../queue/outcomes.ts';
import { bodyOf, entryAbout, type HeldBody, partiesOf } from '../records/records.ts';
import { dayOf, decidedMark, heldNotice } from './tell-held.ts';

export interface DecideOptions {
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** `not-entered`: what was let through is not in the calendar as it names it (no such event, date or guest). */
export type DecisionOutcome = 'done' | 'already-decided' | 'not-entered';

/** As long as an attendee's page waits. */
const OUTCOME_PATIENCE_MS = 2_000;

/** The choices after which something is to be entered. */
const entering: ReadonlySet<HeldChoice> = new Set<HeldChoice>(['alias', 'once', 'add']);
const ends: ReadonlySet<Verdict> = new Set<Verdict>(['applied', 'ignored', 'refused', 'recorded']);

export async function readDecision(
  { spool, ledger }: DecideOptions,
  claims: DecisionClaims,
): Promise<HeldShown | null> {
  if (await ledger.marked(usedMark(claims))) return null;
  const held = (await spool.held(claims.holdKey)).map((task) => ({ task, body: bodyOf<HeldBody>(task) }));
  const [first] = held;
  if (first === undefined) return null;
  const answers = await Promise.all(
    held.map(async ({ task, body }) => ({
      ...answerOf(body),
      event: await eventOf(ledger, body),
      reason: await reasonOf(ledger, task),
      receivedAt: task.createdAt,
    })),
  );
  return {
    asks: questionOf(first.body),
    sender: senderOf(first.body),
    attendee: partiesOf(first.body).attendee.asWritten,
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
  const tasks = await spool.held(claims.holdKey);
  if (tasks.length === 0) return 'already-decided';
  const at = now();
  const writes: LedgerWrite[] = [
    { kind: 'mark', mark: usedMark(claims), at },
    { kind: 'mark', mark: decidedMark(claims.holdKey, dayOf(at)), at },
    ...tasks.map((task) => decidedEntry(task, choice, at)),
  ];
  if (choice === 'alias') writes.push(...aliasOf(tasks));
  const decided =
    choice === 'ignore' || choice === 'leave'
      ? await spool.drop(
          tasks.map(({ id }) => id),
          writes,
        )
      : await spool.release(await Promise.all(tasks.map((task) => decidedTask(ledger, task, choice, at))), writes);
  if (decided.length === 0) return 'already-decided';
  outcomes.tell(writes);
  await askAgain(options, claims.holdKey, at);
  return 'done';
}

/** What was held after the decision was read, and before it was written, waits under a link that is used up. */
async function askAgain({ spool, ledger, makeId }: DecideOptions, key: string, at: number): Promise<void> {
  const [left] = await spool.held(key);
  if (left === undefined) return;
  const body = bodyOf<HeldBody>(left);
  if (questionOf(body) !== 'sender') return;
  const { origin } = body;
  const { organizer, uid } = partiesOf(body);
  await spool.put([heldNotice({ origin, organizer, uid, key, calendar: await calendarOf(ledger, body) }, makeId, at)]);
}

/**
 * The same, and what the calendar made of it where that shows in time: `not-entered` where at least one answer could not
 * be, since the event, the date or the guest is not there.
 */
export async function decideAndSee(
  options: DecideOptions,
  claims: DecisionClaims,
  choice: HeldChoice,
): Promise<DecisionOutcome> {
  const { spool, outcomes } = options;
  const open = new Set((await spool.held(claims.holdKey)).map(({ id }) => id));
  let refused = false;
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const stop = outcomes.listen(({ taskId, verdict }) => {
    if (!ends.has(verdict) || !open.delete(taskId)) return;
    if (verdict === 'refused') refused = true;
    if (open.size === 0) settle();
  });
  try {
    const said = await decideHeld(options, claims, choice);
    if (said !== 'done' || !entering.has(choice)) return said;
    await within(AbortSignal.timeout(OUTCOME_PATIENCE_MS), settled, () => undefined);
    return refused ? 'not-entered' : 'done';
  } finally {
    stop();
  }
}

function aliasOf(tasks: readonly Task[]): LedgerWrite[] {
  const bodies = tasks.slice(0, 1).map((task) => bodyOf<HeldBody>(task));
  return bodies.flatMap((body) => {
    const { organizer, attendee } = partiesOf(body);
    const alias = calendarAddress(senderOf(body))?.key;
    if (alias === undefined) return [];
    return [{ kind: 'alias', organizerKey: organizer.key, attendeeKey: attendee.key, alias } as const];
  });
}

/** Where somebody changed the calendar meanwhile, the organizer's word is the newer one: the answer counts as sent now. */
async function decidedTask(
  ledger: Ledger,
  task: Task,
  choice: HeldChoice,
  at: number,
): Promise<{ id: string; body: string; dueAt: number }> {
  const held = bodyOf<HeldBody>(task);
  const body = choice === 'decline' ? { ...held, declined: true } : { ...held, approved: true };
  if (body.kind === 'answer' && (await reasonOf(ledger, task)) === 'changed-elsewhere') {
    const { answer } = body;
    const answered = { ...answer, revision: { ...answer.revision, sentAt: at } };
    return { id: task.id, body: JSON.stringify({ ...body, answer: answered }), dueAt: at };
  }
  return { id: task.id, body: JSON.stringify(body), dueAt: at };
}

function decidedEntry(task: Task, choice: HeldChoice, at: number): LedgerWrite {
  const body = bodyOf<HeldBody>(task);
  const { organizer, attendee, uid, recurrenceId } = partiesOf(body);
  const said = {
    alias: 'This sender is that attendee; remembered.',
    once: 'Let it count this once.',
    ignore: 'Ignore it.',
    decline: 'No to the proposal.',
    add: 'The delegate is welcome.',
    leave: 'It stays as it is.',
  }[choice];
  const facts = {
    at,
    verdict: 'decided',
    reason: choice,
    detail: `The organizer decided: ${said}`,
    organizer: organizer.key,
    attendee: attendee.key,
    uid,
    recurrenceId,
  } as const;
  return { kind: 'entry', entry: entryAbout(body.origin, task.id, facts) };
}

/** What the organizer is asked: who sent it, whether the time may move, or whether somebody else may come. */
function questionOf(body: HeldBody): Question {
  if (body.kind === 'delegation') return 'delegation';
  return body.kind === 'proposal' && (body.held === null || body.approved) ? 'proposal' : 'sender';
}

function senderOf(body: HeldBody): string {
  return body.kind === 'delegation' ? body.attendee.asWritten : body.sender;
}

function answerOf(body: HeldBody): Pick<HeldAnswer, 'partstat' | 'comment' | 'proposal'> {
  if (body.kind === 'delegation') return { partstat: 'DELEGATED', comment: null };
  if (body.kind === 'answer') return { partstat: body.answer.partstat, comment: body.answer.comment };
  const { comment, start, end } = body.proposal;
  return { partstat: null, comment, proposal: { start, end } };
}

async function reasonOf(ledger: Ledger, task: Task): Promise<string> {
  const entries = await ledger.entries(task.id, 20);
  return entries.findLast(({ verdict }) => verdict === 'held')?.reason ?? 'unauthenticated';
}

/** From what was last mailed: the page must not wait for the CalDAV server. */
async function eventOf(ledger: Ledger, body: HeldBody): Promise<EventView | null> {
  const calendar = await calendarOf(ledger, body);
  return calendar === null ? null : readEventView(calendar, partiesOf(body).recurrenceId, null);
}

async function calendarOf(ledger: Ledger, body: HeldBody): Promise<string | null> {
  const { organizer, uid } = partiesOf(body);
  const { mailings } = await ledger.eventContext(organizer.key, uid, null);
  return mailings.at(-1)?.calendar ?? null;
}

function usedMark({ holdKey, expiresAt }: DecisionClaims): string {
  return `used:${expiresAt}:${holdKey}`;
}
