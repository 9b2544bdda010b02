// What does not count by itself is kept, and the organizer is asked: one mail per attendee, sender and day, with a link
// to a page where everything that waits under it is decided at once. Further holds wait there silently.
import { composeNotice } from '../compose/compose-notice.ts';
import type { Templates } from '../compose/types.ts';
import type { CalendarAddress } from '../itip/types.ts';
import type { Ledger, Task } from '../spool/types.ts';
import type { ChangeSet } from './change-set.ts';
import type { LinkToDecide } from './decision-link.ts';
import type { LanguageOf } from './language-of.ts';
import type { Post } from './post.ts';
import { type AnswerBody, entryAbout, holdKey, type ProposalBody } from './records.ts';
import { sayHold } from './say-decision.ts';

export interface HoldOptions {
  readonly ledger: Ledger;
  readonly linkToDecide: LinkToDecide;
  readonly post: Post;
  readonly templates: Templates;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
  readonly now: () => number;
}

export interface Held {
  readonly task: Task;
  readonly body: AnswerBody | ProposalBody;
  readonly reason: string;
  readonly organizer: CalendarAddress;
  readonly uid: string;
  /** For the notice: the event, or what was last mailed. */
  readonly calendar: string | null;
}

export type HoldForOrganizer = (set: ChangeSet, held: Held) => Promise<void>;

export function holdForOrganizer(options: HoldOptions): HoldForOrganizer {
  /** Notices of the batch under way, which the ledger does not know yet. */
  const noticed = new WeakMap<ChangeSet, Set<string>>();
  return async (set, held) => {
    const { task, body, reason, organizer, uid } = held;
    const attendee = body.kind === 'answer' ? body.answer.attendee : body.attendee;
    const { recurrenceId } = body.kind === 'answer' ? body.answer.occurrence : body.proposal.occurrence;
    const key = holdKey(organizer.key, attendee.key, body.sender);
    const at = options.now();
    set.hold(task.id, reason, key);
    set.record(
      entryAbout(body.origin, task.id, {
        at,
        verdict: 'held',
        reason,
        detail: sayHold(reason, attendee.asWritten),
        organizer: organizer.key,
        uid,
        recurrenceId,
        attendee: attendee.key,
      }),
    );
    const marks = noticed.get(set) ?? new Set();
    noticed.set(set, marks);
    const day = new Date(at).toISOString().slice(0, 10);
    if (marks.has(key) || (await isNoticeOpen(options.ledger, key, day))) return;
    marks.add(key);
    set.write({ kind: 'mark', mark: noticeMark(key, day), at });
    await mailNotice(options, set, held, { attendee, key, at });
  };
}

async function isNoticeOpen(ledger: Ledger, key: string, day: string): Promise<boolean> {
  return (await ledger.marked(noticeMark(key, day))) && !(await ledger.marked(decidedMark(key, day)));
}

async function mailNotice(
  options: HoldOptions,
  set: ChangeSet,
  held: Held,
  { attendee, key, at }: { attendee: CalendarAddress; key: string; at: number },
): Promise<void> {
  const { body, organizer, reason, uid, calendar } = held;
  const decisionLink = await options.linkToDecide(key, organizer);
  const partstat = body.kind === 'answer' ? body.answer.partstat : null;
  const comment = body.kind === 'answer' ? body.answer.comment : body.proposal.comment;
  const stamp = options.post.stamp(at, null, organizer);
  const { raw } = composeNotice(
    {
      notices: [{ kind: 'held', attendee, sender: body.sender, partstat, comment, reason, decisionLink }],
      calendar,
      organizer,
      from: stamp.from,
      messageId: stamp.messageId,
      references: null,
      date: at,
      language: options.languageOf(organizer),
      timezone: options.timezone,
    },
    options.templates,
  );
  set.add(
    options.post.task(
      stamp,
      raw,
      { origin: body.origin, rcptTo: organizer.asWritten, what: 'notice', organizer, attendee: null, uid },
      at,
    ),
  );
}

function noticeMark(key: string, day: string): string {
  return `notice:${day}:${key}`;
}

/** Set when a link of that day was used: a later hold needs a new one. */
export function decidedMark(key: string, day: string): string {
  return `decided:${day}:${key}`;
}
