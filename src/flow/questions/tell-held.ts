// What waits for an organizer's word, told to the organizer: one mail per attendee, sender and day, with a link to a page
// where everything that waits under it is decided at once. A few such mails a day; what waits beyond them is told in one
// mail later, so that no flood of invented senders fills a mailbox and nothing waits unsaid. All of an organizer's go
// through one lane: so they can be counted.
import type { HeldNotice, NoticeKind } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Ledger, Spool, Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import type { LinkToDecide } from './decision-link.ts';
import { mailNotice, type MailNoticeOptions } from '../outbound/mail-notice.ts';
import {
  bodyOf,
  entryAbout,
  type HeldNoticeBody,
  type HeldSenderBody,
  newTask,
  organizerLane,
  partiesOf,
} from '../records/records.ts';

export interface TellHeldOptions extends MailNoticeOptions {
  readonly spool: Pick<Spool, 'held'>;
  readonly ledger: Ledger;
  readonly linkToDecide: LinkToDecide;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

interface Waiting {
  readonly task: Task;
  readonly body: HeldNoticeBody;
}

/** A question with what waits under it, never nothing. */
interface Asked extends Waiting {
  readonly newest: Task;
}

/** All waiting notices are one organizer's. */
export type TellHeld = (set: ChangeSet, waiting: readonly Waiting[]) => Promise<void>;

const MOST_A_DAY = { event: 5, organizer: 20 };
const TOGETHER_MS = 6 * 3_600_000;
/** Nothing waits longer than an hour before it is looked at (`work-queue.ts`): a clock may be set back. */
const LOOK_MS = 3_600_000;
const MOST_TOGETHER = 30;

export function tellHeld(options: TellHeldOptions): TellHeld {
  return async (set, waiting) => {
    const marks = new Marks(options.ledger, set, options.now());
    for (const one of waiting.filter(({ body }) => !body.together)) await tellOne(options, set, marks, one);
    await tellTogether(
      options,
      set,
      marks,
      waiting.filter(({ body }) => body.together),
    );
  };
}

/** Asks for that key in a mail of its own, or with others later. */
export function heldNotice(
  facts: Pick<HeldNoticeBody, 'origin' | 'organizer' | 'uid' | 'key' | 'calendar'>,
  makeId: (now: number) => string,
  now: number,
  later: number | null = null,
) {
  const body: HeldNoticeBody = { ...facts, kind: 'held-notice', together: later !== null };
  return newTask(makeId(now), 'event', organizerLane(facts.organizer.key), body, {
    createdAt: now,
    dueAt: later ?? now,
  });
}

async function tellOne(options: TellHeldOptions, set: ChangeSet, marks: Marks, waiting: Waiting): Promise<void> {
  const { task, body } = waiting;
  const { organizer, uid, key } = body;
  const { at, day } = marks;
  set.done(task.id);
  if (await marks.isAsked(key)) return;
  const [asked] = await stillAsked(options, [waiting]);
  if (asked === undefined) return;
  marks.set(noticeMark(key, day));
  const ofEvent = await marks.free(`notices:${day}:${eventMark(organizer, uid)}`, MOST_A_DAY.event);
  const ofAll = await marks.free(`notices:${day}:${organizer.key}`, MOST_A_DAY.organizer);
  if (ofEvent !== null && ofAll !== null) {
    marks.set(ofEvent);
    marks.set(ofAll);
    const calendar = body.calendar ?? null;
    mail(options, set, asked, [await heldOf(options, asked)], calendar, at);
    return;
  }
  set.add(heldNotice(body, options.makeId, at, nextLook(at)));
  const until = new Date(windowOf(at) + TOGETHER_MS).toISOString();
  const detail = `${organizer.asWritten} was asked often enough today: this is asked together with others at ${until}.`;
  record(set, asked, { at, verdict: 'retried', reason: 'asked-together', detail });
}

function windowOf(at: number): number {
  return Math.floor(at / TOGETHER_MS) * TOGETHER_MS;
}

function nextLook(at: number): number {
  return Math.min(windowOf(at) + TOGETHER_MS, at + LOOK_MS);
}

/** One mail in six hours, with as much as can be read; the rest, and what was put off in these six hours, waits for the next. */
async function tellTogether(
  options: TellHeldOptions,
  set: ChangeSet,
  marks: Marks,
  due: readonly Waiting[],
): Promise<void> {
  const [first] = due;
  if (first === undefined) return;
  const { at } = marks;
  const window = windowOf(at);
  const told = `asked-together:${window}:${first.body.organizer.key}`;
  const isFresh = ({ task }: Waiting): boolean => task.createdAt >= window && task.createdAt <= at;
  const asked = (await marks.has(told))
    ? null
    : await stillAsked(
        options,
        due.filter((one) => !isFresh(one)),
      );
  const now = asked?.slice(0, MOST_TOGETHER) ?? [];
  const rest = asked === null ? due : [...asked.slice(MOST_TOGETHER), ...due.filter(isFresh)];
  const later = new Set(rest.map(({ task }) => task.id));
  for (const { task } of due) {
    if (later.has(task.id)) set.retry(task.id, nextLook(at), 'it is asked in the next mail');
    else set.done(task.id);
  }
  const [one] = now;
  if (asked === null || one === undefined) return;
  marks.set(told);
  const items = [];
  for (const each of now) items.push({ ...(await heldOf(options, each)), calendar: each.body.calendar ?? null });
  const notice = { kind: 'waiting', attendee: null, count: asked.length, items } as const;
  const messageId = mail(options, set, one, [notice], null, at);
  for (const each of now) {
    const detail = `The organizer is asked in one mail, ${messageId}, about ${now.length} answers.`;
    record(set, each, { at, verdict: 'recorded', reason: 'asked-together', detail });
  }
}

/** Those under which something still waits, each once. */
async function stillAsked({ spool }: TellHeldOptions, waiting: readonly Waiting[]): Promise<Asked[]> {
  const byKey = new Map<string, Asked>();
  for (const one of waiting) {
    if (byKey.has(one.body.key)) continue;
    const newest = (await spool.held(one.body.key)).at(-1);
    if (newest !== undefined) byKey.set(one.body.key, { ...one, newest });
  }
  return [...byKey.values()];
}

async function heldOf(options: TellHeldOptions, { newest, body: { key, organizer } }: Asked): Promise<HeldNotice> {
  const body = bodyOf<HeldSenderBody>(newest);
  const { partstat, comment } = body.kind === 'answer' ? body.answer : { partstat: null, ...body.proposal };
  const decisionLink = await options.linkToDecide(key, organizer);
  const reason = newest.lastError ?? '';
  const { attendee } = partiesOf(body);
  return { kind: 'held', attendee, sender: body.sender, partstat, comment, reason, decisionLink };
}

/** The Message-ID of what goes out. */
function mail(
  options: TellHeldOptions,
  set: ChangeSet,
  { body: { organizer, uid }, newest }: Asked,
  notices: readonly NoticeKind[],
  calendar: string | null,
  date: number,
): string {
  const { origin } = bodyOf<HeldSenderBody>(newest);
  return mailNotice(options, set, { organizer, uid, calendar, notices, origin }, date);
}

function record(
  set: ChangeSet,
  { task, newest }: Asked,
  facts: {
    readonly at: number;
    readonly verdict: 'retried' | 'recorded';
    readonly reason: 'asked-together';
    readonly detail: string;
  },
): void {
  const body = bodyOf<HeldSenderBody>(newest);
  const { organizer, attendee, uid, recurrenceId } = partiesOf(body);
  set.record(
    entryAbout(body.origin, task.id, {
      ...facts,
      organizer: organizer.key,
      attendee: attendee.key,
      uid,
      recurrenceId,
    }),
  );
}

/** The ledger's marks with those of the batch under way, which it does not know yet. */
class Marks {
  readonly at: number;
  readonly day: string;
  readonly #ledger: Ledger;
  readonly #set: ChangeSet;
  readonly #fresh = new Set<string>();
  readonly #full = new Set<string>();

  constructor(ledger: Ledger, set: ChangeSet, at: number) {
    this.#ledger = ledger;
    this.#set = set;
    this.at = at;
    this.day = dayOf(at);
  }

  set(mark: string): void {
    this.#fresh.add(mark);
    this.#set.write({ kind: 'mark', mark, at: this.at });
  }

  async has(mark: string): Promise<boolean> {
    return this.#fresh.has(mark) || (await this.#ledger.marked(mark));
  }

  /** Today, with a link that was not used since. */
  async isAsked(key: string): Promise<boolean> {
    if (this.#fresh.has(noticeMark(key, this.day))) return true;
    return (await this.has(noticeMark(key, this.day))) && !(await this.has(decidedMark(key, this.day)));
  }

  /** The first of `most` numbered marks that is not set; null: all are. */
  async free(name: string, most: number): Promise<string | null> {
    if (this.#full.has(name)) return null;
    for (let number = 1; number <= most; number += 1) {
      if (!(await this.has(`${name}:${number}`))) return `${name}:${number}`;
    }
    this.#full.add(name);
    return null;
  }
}

function eventMark(organizer: CalendarAddress, uid: string): string {
  return JSON.stringify([organizer.key, uid]);
}

function noticeMark(key: string, day: string): string {
  return `notice:${day}:${key}`;
}

/** Set when a link of that day was used: a later hold needs a new one. */
export function decidedMark(key: string, day: string): string {
  return `decided:${day}:${key}`;
}

/** The day in UTC, as in `2027-01-31`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
