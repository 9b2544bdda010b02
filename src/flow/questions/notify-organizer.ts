// Tells the organizer what came in: at once, in a digest per event, or not at all where nothing needs a decision
// (NOTIFY_ORGANIZER). Several things that came together are one mail.
import type { ChangeSet } from '../queue/change-set.ts';
import { mailNotice, type MailNoticeOptions, type News } from '../outbound/mail-notice.ts';
import { eventLane, newTask } from '../records/records.ts';

export interface NotifyOptions extends MailNoticeOptions {
  readonly mode: 'each' | 'digest' | 'held';
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** `when` is `now` for what has waited for its digest. */
export type NotifyOrganizer = (set: ChangeSet, news: News, when?: 'by-setting' | 'now') => void;

const DIGEST_MS = 15 * 60_000;

export function notifyOrganizer(options: NotifyOptions): NotifyOrganizer {
  return (set, news, when = 'by-setting') => {
    const urgent = news.notices.filter(({ kind }) => kind !== 'answer');
    if (when === 'now' || options.mode === 'each') mail(options, set, news);
    else {
      mail(options, set, { ...news, notices: urgent });
      if (options.mode === 'digest') keepForDigest(options, set, news);
    }
  };
}

function mail(options: NotifyOptions, set: ChangeSet, news: News): void {
  if (news.notices.length === 0) return;
  // What one decision covered fails for one reason: to say it again says nothing.
  const notices = [...new Map(news.notices.map((notice) => [JSON.stringify(notice), notice])).values()];
  mailNotice(options, set, { ...news, notices }, options.now());
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
