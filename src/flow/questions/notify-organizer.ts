// Notices to the organizer: mailed at once, in a digest per event, or not at all where nothing needs a decision
// (NOTIFY_ORGANIZER). Notices that arise together are one mail.
import { mailNotice, type MailNoticeOptions, type NoticeMail } from '../outbound/mail-notice.ts';
import type { NewTask } from '../ports/spool.ts';
import { recordTask } from '../records/records.ts';

export interface NotifyOptions extends MailNoticeOptions {
  readonly mode: 'each' | 'digest' | 'held';
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** The tasks that tell it. `when` is `now` for what has waited for its digest. */
export type NotifyOrganizer = (news: NoticeMail, when?: 'by-setting' | 'now') => NewTask[];

const DIGEST_MS = 15 * 60_000;

export function notifyOrganizer(options: NotifyOptions): NotifyOrganizer {
  return (news, when = 'by-setting') => {
    if (when === 'now' || options.mode === 'each') return mail(options, news);
    const urgent = news.notices.filter(({ kind }) => kind !== 'answer');
    const later = options.mode === 'digest' ? keepForDigest(options, news) : [];
    return [...mail(options, { ...news, notices: urgent }), ...later];
  };
}

function mail(options: NotifyOptions, news: NoticeMail): NewTask[] {
  if (news.notices.length === 0) return [];
  // Deduplicate identical notices.
  const notices = [...new Map(news.notices.map((notice) => [JSON.stringify(notice), notice])).values()];
  return [mailNotice(options, { ...news, notices }, options.now()).task];
}

/** All notices of a quarter of an hour come due together, so that the copy's lane returns them as one batch. */
function keepForDigest({ makeId, now }: NotifyOptions, { owner, uid, notices, origin }: NoticeMail): NewTask[] {
  const createdAt = now();
  const dueAt = (Math.floor(createdAt / DIGEST_MS) + 1) * DIGEST_MS;
  return notices.flatMap((notice) =>
    notice.kind === 'answer'
      ? [recordTask({ kind: 'notice', origin, owner, uid, notice }, { id: makeId(createdAt), createdAt, dueAt })]
      : [],
  );
}
