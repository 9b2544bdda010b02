// Composes one mail from the gateway to the owner of a copy. In: notices; out: a record of the queue `outgoing`.
import { composeNotice } from '../../core/compose/compose-notice.ts';
import type { NoticeKind, Templates } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { Origin } from '../records/parts.ts';
import type { NewRecord } from '../records/records.ts';
import type { LanguageOf } from './language-of.ts';
import type { OutgoingMails } from './outgoing-mail.ts';

export interface MailNoticeOptions {
  readonly outgoingMails: OutgoingMails;
  readonly templates: Templates;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
}

/** The content of one mail to an owner. */
export interface NoticeMail {
  readonly owner: CalendarAddress;
  readonly uid: string;
  /** The event; null: unknown. */
  readonly calendar: string | null;
  readonly notices: readonly NoticeKind[];
  readonly origin: Origin;
}

export interface MailedNotice {
  readonly mail: NewRecord;
  readonly messageId: string;
}

/** `id`: the id of the task, given if the same notice may be made several times but must be mailed once. */
export function mailNotice(
  { outgoingMails, templates, languageOf, timezone }: MailNoticeOptions,
  { owner, uid, calendar, notices, origin }: NoticeMail,
  date: number,
  id?: string,
): MailedNotice {
  const identity = outgoingMails.identify(date, owner, id === undefined ? {} : { id });
  const { from, messageId } = identity;
  const language = languageOf(owner);
  const { raw } = composeNotice(
    { notices, calendar, organizer: owner, from, messageId, references: null, date, language, timezone },
    templates,
  );
  const facts = {
    origin,
    rcptTo: owner.asWritten,
    what: 'notice' as const,
    method: null,
    owner,
    recipient: null,
    uid,
  };
  return { mail: outgoingMails.record(identity, raw, facts), messageId };
}
