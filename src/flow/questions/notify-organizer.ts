// In: notices to the organizer; out: the records that mail them. NOTIFY_ORGANIZER decides whether notices about answers
// are mailed at once, in a digest per event, or not at all; all other notices are mailed at once. Notices given
// together become one mail.
import { mailNotice, type MailNoticeOptions, type NoticeMail } from '../outbound/mail-notice.ts';
import type { NewRecord } from '../records/records.ts';

export interface NotifyOptions extends MailNoticeOptions {
  readonly mode: 'each' | 'digest' | 'held';
  readonly now: () => number;
}

/** `now` overrides the setting, for notices that are due. */
export type NotifyOrganizer = (mail: NoticeMail, when?: 'by-setting' | 'now') => NewRecord[];

const DIGEST_MS = 15 * 60_000;

export function notifyOrganizer(options: NotifyOptions): NotifyOrganizer {
  return (mail, when = 'by-setting') => {
    if (when === 'now' || options.mode === 'each') return mailRecords(options, mail);
    const urgent = mail.notices.filter(({ kind }) => kind !== 'answer');
    const later = options.mode === 'digest' ? digestRecords(options, mail) : [];
    return [...mailRecords(options, { ...mail, notices: urgent }), ...later];
  };
}

function mailRecords(options: NotifyOptions, mail: NoticeMail): NewRecord[] {
  if (mail.notices.length === 0) return [];
  const unique = new Map(mail.notices.map((notice) => [JSON.stringify(notice), notice]));
  return [mailNotice(options, { ...mail, notices: [...unique.values()] }, options.now()).mail];
}

/** All notices of a quarter of an hour are due at the same time, so that the copy's lane returns them as one batch. */
function digestRecords({ now }: NotifyOptions, { owner, uid, notices, origin }: NoticeMail): NewRecord[] {
  const dueAt = (Math.floor(now() / DIGEST_MS) + 1) * DIGEST_MS;
  return notices.flatMap((notice) =>
    notice.kind === 'answer' ? [{ body: { kind: 'notice', origin, owner, uid, notice }, dueAt }] : [],
  );
}
