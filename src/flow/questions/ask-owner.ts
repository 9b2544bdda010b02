// Queue `question`, the lane of one owner: mails requests to decide about held answers and proposals. There is one mail
// per attendee, sender and day, with a link to a page that decides about everything held under its key. Beyond a daily
// limit the questions are collected in a summary, so that a flood of invented senders neither fills the mailbox nor
// hides a question.
import { HOUR } from '../../core/ical/local-time.ts';
import type { HeldNotice, NoticeKind } from '../../core/compose/types.ts';
import { because } from '../../core/reasons.ts';
import { mailNotice, type MailNoticeOptions, type MailedNotice } from '../outbound/mail-notice.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Ledger, LedgerWrite, Spool } from '../ports/spool.ts';
import { done, type Effects, joinEffects, type LaneHandler, type LanePlan, mark } from '../queue/plan.ts';
import { type HeldKind, heldFacts, heldJobs, holdReasonOf } from '../records/held.ts';
import { entryAbout, type Job } from '../records/records.ts';
import { currentCalendar } from './current-event.ts';
import type { MakeDecisionLink } from './decision-link.ts';

export interface AskOwnerOptions extends MailNoticeOptions {
  readonly spool: Pick<Spool, 'held'>;
  readonly ledger: Ledger;
  readonly store: CalendarStore;
  readonly makeDecisionLink: MakeDecisionLink;
  readonly now: () => number;
}

type Question = Job<'question'>;

/** A question with the newest job that is held under its key. */
interface OpenQuestion extends Question {
  readonly newest: Job<HeldKind>;
}

const DAILY_LIMITS = { event: 5, owner: 20 };
const SUMMARY_INTERVAL_MS = 6 * HOUR;
/** Every wait is checked again after an hour at most (MAX_WAIT_MS in `after-failure.ts`). */
const RECHECK_MS = HOUR;
const MAX_IN_SUMMARY = 30;

/** All questions are for one owner. */
export function askOwner(options: AskOwnerOptions): LaneHandler<'question'> {
  return async (questions) => {
    const marks = new Marks(options.ledger, options.now());
    const effects: Effects[] = [];
    const single = questions.filter(({ body }) => !body.together);
    for (const question of single) effects.push(await askOne(options, marks, question));
    const asked = single.map(({ task }) => ({ id: task.id, plan: { disposition: done } }));
    const summary = await askInSummary(
      options,
      marks,
      questions.filter(({ body }) => body.together),
    );
    return {
      planned: [...asked, ...summary.planned],
      more: joinEffects([...effects, summary.more ?? {}, { ledger: marks.writes() }]),
    };
  };
}

async function askOne(options: AskOwnerOptions, marks: Marks, question: Question): Promise<Effects> {
  const { body } = question;
  const { owner, uid, key } = body;
  const { at, day } = marks;
  if (await marks.isAsked(key)) return {};
  const [open] = await findOpen(options, [question]);
  if (open === undefined) return {};
  marks.set(askedMark(key, day));
  const eventMark = await marks.findUnset(`notices:${day}:${JSON.stringify([owner.key, uid])}`, DAILY_LIMITS.event);
  const ownerMark = await marks.findUnset(`notices:${day}:${owner.key}`, DAILY_LIMITS.owner);
  if (eventMark !== null && ownerMark !== null) {
    marks.set(eventMark);
    marks.set(ownerMark);
    const calendar = await calendarOf(options, open);
    return { add: [mailFor(options, open, [await noticeOf(options, open)], calendar, at).mail] };
  }
  const why = because('asked-together', { until: intervalOf(at) + SUMMARY_INTERVAL_MS });
  return {
    add: [{ body: { ...body, together: true }, dueAt: nextCheck(at) }],
    ledger: [entryAbout(open.newest, { at, verdict: 'retried', ...why, taskId: question.task.id })],
  };
}

/** The start of the interval, in ms since 1970. */
function intervalOf(at: number): number {
  return Math.floor(at / SUMMARY_INTERVAL_MS) * SUMMARY_INTERVAL_MS;
}

function nextCheck(at: number): number {
  return Math.min(intervalOf(at) + SUMMARY_INTERVAL_MS, at + RECHECK_MS);
}

/**
 * One summary per interval, with the questions of earlier intervals. Questions beyond its maximum size wait for the
 * next summary.
 */
async function askInSummary(options: AskOwnerOptions, marks: Marks, due: readonly Question[]): Promise<LanePlan> {
  const [first] = due;
  if (first === undefined) return { planned: [] };
  const { at } = marks;
  const interval = intervalOf(at);
  const summaryMark = `asked-together:${interval}:${first.body.owner.key}`;
  const isOfInterval = ({ task }: Question): boolean => task.createdAt >= interval && task.createdAt <= at;
  const open = (await marks.has(summaryMark))
    ? null
    : await findOpen(
        options,
        due.filter((question) => !isOfInterval(question)),
      );
  const asked = open?.slice(0, MAX_IN_SUMMARY) ?? [];
  const rest = open === null ? due : [...open.slice(MAX_IN_SUMMARY), ...due.filter(isOfInterval)];
  const later = new Set(rest.map(({ task }) => task.id));
  const retry = { kind: 'retry', dueAt: nextCheck(at), error: 'waits for the next summary' } as const;
  const planned = due.map(({ task: { id } }) => ({ id, plan: { disposition: later.has(id) ? retry : done } }));
  const [one] = asked;
  if (open === null || one === undefined) return { planned };
  marks.set(summaryMark);
  const items = await Promise.all(
    asked.map(async (each) => ({ ...(await noticeOf(options, each)), calendar: await calendarOf(options, each) })),
  );
  const summary = { kind: 'waiting', attendee: null, count: open.length, items } as const;
  const { mail, messageId } = mailFor(options, one, [summary], null, at);
  const why = because('asked-together', { messageId, count: asked.length });
  const ledger = asked.map(({ newest, task: { id } }) =>
    entryAbout(newest, { at, verdict: 'recorded', ...why, taskId: id }),
  );
  return { planned, more: { add: [mail], ledger } };
}

/** Returns the questions whose key still has a held record, one per key. */
async function findOpen({ spool }: AskOwnerOptions, questions: readonly Question[]): Promise<OpenQuestion[]> {
  const byKey = new Map<string, OpenQuestion>();
  for (const question of questions) {
    const { key } = question.body;
    if (byKey.has(key)) continue;
    const newest = heldJobs(await spool.held(key)).at(-1);
    if (newest !== undefined) byKey.set(key, { ...question, newest });
  }
  return [...byKey.values()];
}

async function noticeOf(options: AskOwnerOptions, { newest, body: { key, owner } }: OpenQuestion): Promise<HeldNotice> {
  const { task, body } = newest;
  const decisionLink = await options.makeDecisionLink(key, owner);
  const { attendee, recurrenceId, sender, partstat, comment } = heldFacts(body);
  return {
    kind: 'held',
    attendee,
    recurrenceId,
    sender,
    partstat,
    comment,
    reason: holdReasonOf(task),
    decisionLink,
  };
}

/** The event of the newest held record as stored now or as last mailed, else as it was when the question was made. */
async function calendarOf(options: AskOwnerOptions, { newest, body }: OpenQuestion): Promise<string | null> {
  const { organizer, uid } = heldFacts(newest.body);
  return (await currentCalendar(options, organizer, uid)) ?? (uid === body.uid ? body.calendar : null);
}

function mailFor(
  options: AskOwnerOptions,
  { body: { owner, uid }, newest }: OpenQuestion,
  notices: readonly NoticeKind[],
  calendar: string | null,
  date: number,
): MailedNotice {
  return mailNotice(options, { owner, uid, calendar, notices, origin: newest.body.origin }, date);
}

/** The marks in the ledger and those that this batch sets. */
class Marks {
  readonly at: number;
  readonly day: string;
  readonly #ledger: Ledger;
  readonly #set = new Set<string>();
  readonly #full = new Set<string>();

  constructor(ledger: Ledger, at: number) {
    this.#ledger = ledger;
    this.at = at;
    this.day = dayOf(at);
  }

  set(name: string): void {
    this.#set.add(name);
  }

  writes(): LedgerWrite[] {
    return [...this.#set].map((name) => mark(name, this.at));
  }

  async has(name: string): Promise<boolean> {
    return this.#set.has(name) || (await this.#ledger.marked(name));
  }

  /** Whether today's question about that key was mailed and its link has not been used yet. */
  async isAsked(key: string): Promise<boolean> {
    if (this.#set.has(askedMark(key, this.day))) return true;
    return (await this.has(askedMark(key, this.day))) && !(await this.has(decidedMark(key, this.day)));
  }

  /** Returns the first of `limit` numbered marks that is not set; null: all are set. */
  async findUnset(name: string, limit: number): Promise<string | null> {
    if (this.#full.has(name)) return null;
    for (let number = 1; number <= limit; number += 1) {
      if (!(await this.has(`${name}:${number}`))) return `${name}:${number}`;
    }
    this.#full.add(name);
    return null;
  }
}

function askedMark(key: string, day: string): string {
  return `notice:${day}:${key}`;
}

/** The mark for a link that was used on that day. Records that are held afterwards need a new link. */
export function decidedMark(key: string, day: string): string {
  return `decided:${day}:${key}`;
}

/** The day in UTC, such as `2027-01-31`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
