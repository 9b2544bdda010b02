// Queue `question`, one owner's lane: what is held for the owner's decision is asked by mail. One mail per attendee, sender
// and day, with a link to a page that decides everything held under its key. There are a few such mails a day; what is held
// beyond them is asked in one summary later, so that a flood of invented senders fills no mailbox and nothing stays unasked.
import type { HeldNotice, NoticeKind } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { because } from '../../core/reasons.ts';
import { mailNotice, type MailNoticeOptions, type MailedNotice } from '../outbound/mail-notice.ts';
import type { Changes, Ledger, LedgerWrite, NewTask, Spool } from '../ports/spool.ts';
import { changesOf, done, type Effects, joinEffects, mark, type PlannedTask, record } from '../queue/plan.ts';
import { type HeldKind, heldParties, heldRecords } from '../records/held.ts';
import type { QuestionRecord } from '../records/question.ts';
import { entryAbout, recordTask, type Job } from '../records/records.ts';
import type { LinkToDecide } from './decision-link.ts';

export interface AskOwnerOptions extends MailNoticeOptions {
  readonly spool: Pick<Spool, 'held'>;
  readonly ledger: Ledger;
  readonly linkToDecide: LinkToDecide;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

type Question = Job<'question'>;
type HeldSender = Job<'answer' | 'proposal'>;

/** A question with the newest record held under its key. */
interface Asked extends Question {
  readonly newest: HeldSender;
}

const MOST_A_DAY = { event: 5, organizer: 20 };
const TOGETHER_MS = 6 * 3_600_000;
/** Nothing waits longer than an hour before it is looked at (`after-failure.ts`): a clock may be set back. */
const LOOK_MS = 3_600_000;
const MOST_TOGETHER = 30;

/** All records are one owner's. */
export function askOwner(options: AskOwnerOptions): (questions: readonly Question[]) => Promise<Changes> {
  return async (questions) => {
    const marks = new Marks(options.ledger, options.now());
    const effects: Effects[] = [];
    for (const question of questions.filter(({ body }) => !body.together)) {
      effects.push(await askAlone(options, marks, question));
    }
    const alone = questions
      .filter(({ body }) => !body.together)
      .map(({ task }) => ({ id: task.id, plan: { disposition: done } }));
    const together = await askTogether(
      options,
      marks,
      questions.filter(({ body }) => body.together),
    );
    return changesOf([...alone, ...together.planned], joinEffects([...effects, together, { ledger: marks.writes() }]));
  };
}

/** The task that asks about what is held under that key; `later`: ms since 1970, in the summary that is due then. */
export function questionTask(
  facts: Pick<QuestionRecord, 'origin' | 'owner' | 'uid' | 'key' | 'calendar'>,
  makeId: (now: number) => string,
  now: number,
  later: number | null = null,
): NewTask {
  const { origin, owner, uid, key, calendar } = facts;
  return recordTask(
    { kind: 'question', origin, owner, uid, key, calendar, together: later !== null },
    { id: makeId(now), createdAt: now, dueAt: later ?? now },
  );
}

async function askAlone(options: AskOwnerOptions, marks: Marks, question: Question): Promise<Effects> {
  const { body } = question;
  const { owner, uid, key } = body;
  const { at, day } = marks;
  if (await marks.isAsked(key)) return {};
  const [asked] = await stillHeld(options, [question]);
  if (asked === undefined) return {};
  marks.set(askedMark(key, day));
  const ofEvent = await marks.free(`notices:${day}:${eventMark(owner, uid)}`, MOST_A_DAY.event);
  const ofAll = await marks.free(`notices:${day}:${owner.key}`, MOST_A_DAY.organizer);
  if (ofEvent !== null && ofAll !== null) {
    marks.set(ofEvent);
    marks.set(ofAll);
    return { add: [mail(options, asked, [await noticeOf(options, asked)], body.calendar, at).task] };
  }
  const why = because('asked-together', { until: windowOf(at) + TOGETHER_MS });
  return {
    add: [questionTask(body, options.makeId, at, nextLook(at))],
    ledger: [entryOf(asked, { at, verdict: 'retried', ...why })],
  };
}

function windowOf(at: number): number {
  return Math.floor(at / TOGETHER_MS) * TOGETHER_MS;
}

function nextLook(at: number): number {
  return Math.min(windowOf(at) + TOGETHER_MS, at + LOOK_MS);
}

/** One summary in six hours, with as many questions as can be read; the rest, and those of these six hours, wait for the next. */
async function askTogether(
  options: AskOwnerOptions,
  marks: Marks,
  due: readonly Question[],
): Promise<Effects & { readonly planned: readonly PlannedTask[] }> {
  const [first] = due;
  if (first === undefined) return { planned: [] };
  const { at } = marks;
  const window = windowOf(at);
  const askedInWindow = `asked-together:${window}:${first.body.owner.key}`;
  const isFresh = ({ task }: Question): boolean => task.createdAt >= window && task.createdAt <= at;
  const held = (await marks.has(askedInWindow))
    ? null
    : await stillHeld(
        options,
        due.filter((question) => !isFresh(question)),
      );
  const now = held?.slice(0, MOST_TOGETHER) ?? [];
  const rest = held === null ? due : [...held.slice(MOST_TOGETHER), ...due.filter(isFresh)];
  const later = new Set(rest.map(({ task }) => task.id));
  const waits = { kind: 'retry', dueAt: nextLook(at), error: 'waits for the next summary' } as const;
  const planned = due.map(({ task: { id } }) => ({ id, plan: { disposition: later.has(id) ? waits : done } }));
  const [one] = now;
  if (held === null || one === undefined) return { planned };
  marks.set(askedInWindow);
  const items = await Promise.all(
    now.map(async (each) => ({ ...(await noticeOf(options, each)), calendar: each.body.calendar })),
  );
  const summary = { kind: 'waiting', attendee: null, count: held.length, items } as const;
  const { task, messageId } = mail(options, one, [summary], null, at);
  const why = because('asked-together', { messageId, count: now.length });
  return { planned, add: [task], ledger: now.map((each) => entryOf(each, { at, verdict: 'recorded', ...why })) };
}

/** The questions under whose key something is still held, one for each key. */
async function stillHeld({ spool }: AskOwnerOptions, questions: readonly Question[]): Promise<Asked[]> {
  const byKey = new Map<string, Asked>();
  for (const question of questions) {
    const { key } = question.body;
    if (byKey.has(key)) continue;
    const newest = heldRecords(await spool.held(key)).findLast(isOfSender);
    if (newest !== undefined) byKey.set(key, { ...question, newest });
  }
  return [...byKey.values()];
}

function isOfSender(held: Job<HeldKind>): held is HeldSender {
  return held.body.kind !== 'delegation';
}

async function noticeOf(options: AskOwnerOptions, { newest, body: { key, owner } }: Asked): Promise<HeldNotice> {
  const { task, body } = newest;
  const { partstat, comment } = body.kind === 'answer' ? body.answer : { partstat: null, ...body.proposal };
  const decisionLink = await options.linkToDecide(key, owner);
  const { attendee } = heldParties(body);
  return { kind: 'held', attendee, sender: body.sender, partstat, comment, reason: task.lastError ?? '', decisionLink };
}

function mail(
  options: AskOwnerOptions,
  { body: { owner, uid }, newest }: Asked,
  notices: readonly NoticeKind[],
  calendar: string | null,
  date: number,
): MailedNotice {
  return mailNotice(options, { owner, uid, calendar, notices, origin: newest.body.origin }, date);
}

/** About what is held, under the id of the question. */
function entryOf(
  { task, newest }: Asked,
  facts: {
    readonly at: number;
    readonly verdict: 'retried' | 'recorded';
    readonly reason: 'asked-together';
    readonly detail: string;
  },
): LedgerWrite {
  return record({ ...entryAbout(newest, facts), taskId: task.id });
}

/** The ledger's marks together with those that this batch sets. */
class Marks {
  readonly at: number;
  readonly day: string;
  readonly #ledger: Ledger;
  readonly #fresh = new Set<string>();
  readonly #full = new Set<string>();

  constructor(ledger: Ledger, at: number) {
    this.#ledger = ledger;
    this.at = at;
    this.day = dayOf(at);
  }

  set(name: string): void {
    this.#fresh.add(name);
  }

  writes(): LedgerWrite[] {
    return [...this.#fresh].map((name) => mark(name, this.at));
  }

  async has(name: string): Promise<boolean> {
    return this.#fresh.has(name) || (await this.#ledger.marked(name));
  }

  /** Asked today, with a link that was not used since. */
  async isAsked(key: string): Promise<boolean> {
    if (this.#fresh.has(askedMark(key, this.day))) return true;
    return (await this.has(askedMark(key, this.day))) && !(await this.has(decidedMark(key, this.day)));
  }

  /** The first of `most` numbered marks that is not set; null: all are set. */
  async free(name: string, most: number): Promise<string | null> {
    if (this.#full.has(name)) return null;
    for (let number = 1; number <= most; number += 1) {
      if (!(await this.has(`${name}:${number}`))) return `${name}:${number}`;
    }
    this.#full.add(name);
    return null;
  }
}

function eventMark(owner: CalendarAddress, uid: string): string {
  return JSON.stringify([owner.key, uid]);
}

function askedMark(key: string, day: string): string {
  return `notice:${day}:${key}`;
}

/** Set when a link of that day was used: what is held later needs a new link. */
export function decidedMark(key: string, day: string): string {
  return `decided:${day}:${key}`;
}

/** The day in UTC, as in `2027-01-31`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
