// Tells the organizer what came in: at once, in a digest per event, or not at all where nothing needs a decision
// (NOTIFY_ORGANIZER). Several things that came together are one mail.
import { composeNotice } from '../compose/compose-notice.ts';
import type { NoticeKind, Templates } from '../compose/types.ts';
import type { CalendarAddress } from '../itip/types.ts';
import type { ChangeSet } from './change-set.ts';
import type { LanguageOf } from './language-of.ts';
import type { Post } from './post.ts';
import { eventLane, newTask, type Origin } from './records.ts';

export interface NotifyOptions {
  readonly mode: 'each' | 'digest' | 'held';
  readonly post: Post;
  readonly templates: Templates;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

export interface News {
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly calendar: string | null;
  readonly notices: readonly NoticeKind[];
  readonly origin: Origin;
}

/** `when` is `now` for what has waited for its digest. */
export type NotifyOrganizer = (set: ChangeSet, news: News, when?: 'by-setting' | 'now') => void;

const DIGEST_MS = 15 * 60_000;

export function notifyOrganizer(options: NotifyOptions): NotifyOrganizer {
  return (set, news, when = 'by-setting') => {
    const urgent = news.notices.filter(({ kind }) => kind !== 'answer');
    if (when === 'now' || options.mode === 'each') mail(options, set, news, news.notices);
    else {
      mail(options, set, news, urgent);
      if (options.mode === 'digest') keepForDigest(options, set, news);
    }
  };
}

function mail(options: NotifyOptions, set: ChangeSet, news: News, notices: readonly NoticeKind[]): void {
  if (notices.length === 0) return;
  const { organizer, uid, calendar, origin } = news;
  // What one decision covered fails for one reason: to say it again says nothing.
  const told = [...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values()];
  const at = options.now();
  const stamp = options.post.stamp(at, null, organizer);
  const { timezone } = options;
  const language = options.languageOf(organizer);
  const { raw } = composeNotice(
    {
      notices: told,
      calendar,
      organizer,
      from: stamp.from,
      messageId: stamp.messageId,
      references: null,
      date: at,
      language,
      timezone,
    },
    options.templates,
  );
  set.add(
    options.post.task(
      stamp,
      raw,
      { origin, rcptTo: organizer.asWritten, what: 'notice', organizer, attendee: null, uid },
      at,
    ),
  );
}

/** All notices of a quarter of an hour come due together, so that the event's lane gives them as one batch. */
function keepForDigest(options: NotifyOptions, set: ChangeSet, { organizer, uid, notices, origin }: News): void {
  const at = options.now();
  const dueAt = (Math.floor(at / DIGEST_MS) + 1) * DIGEST_MS;
  for (const notice of notices.filter(({ kind }) => kind === 'answer')) {
    set.add(
      newTask(
        options.makeId(at),
        'event',
        eventLane(organizer.key, uid),
        { kind: 'notice', origin, organizer, uid, notice },
        { createdAt: at, dueAt },
      ),
    );
  }
}
