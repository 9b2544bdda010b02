// A mail from the gateway to an organizer: what is to be told comes in, a task of the queue `outgoing` goes into the change
// set.
import { composeNotice } from '../../core/compose/compose-notice.ts';
import type { NoticeKind, Templates } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import type { LanguageOf } from './language-of.ts';
import type { Post } from './outgoing-mail.ts';
import type { Origin } from '../records/records.ts';

export interface MailNoticeOptions {
  readonly post: Post;
  readonly templates: Templates;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
}

export interface News {
  readonly organizer: CalendarAddress;
  readonly uid: string;
  readonly calendar: string | null;
  readonly notices: readonly NoticeKind[];
  readonly origin: Origin;
}

/** The Message-ID of what goes out. `id`: the task's, where the same news may come again and is to be told once. */
export function mailNotice(
  { post, templates, languageOf, timezone }: MailNoticeOptions,
  set: ChangeSet,
  { organizer, uid, calendar, notices, origin }: News,
  date: number,
  id: string | null = null,
): string {
  const stamp = { ...post.stamp(date, null, organizer), ...(id !== null && { id }) };
  const { from, messageId } = stamp;
  const language = languageOf(organizer);
  const { raw } = composeNotice(
    { notices, calendar, organizer, from, messageId, references: null, date, language, timezone },
    templates,
  );
  const facts = { origin, rcptTo: organizer.asWritten, what: 'notice', organizer, attendee: null, uid } as const;
  set.add(post.task(stamp, raw, facts, date));
  return messageId;
}
