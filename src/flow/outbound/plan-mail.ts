// In: one schedule message; out: the mail to its recipient, or a ledger entry that says why none is sent: the recipient
// is a room, SCHEDULE-AGENT forbids it, nothing has changed since the last mail, the event is over, the address
// bounced, or the sender's quota is used up.
import { createHash } from 'node:crypto';
import { composeInvitation } from '../../core/compose/compose-invitation.ts';
import { readEventView } from '../../core/compose/event-view.ts';
import type { InvitationKind, RsvpLinks, Templates } from '../../core/compose/types.ts';
import { componentsOf, type EventDocument, parseEvent } from '../../core/ical/event-document.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { calendarScope } from '../../core/itip/calendar-scope.ts';
import { mailingForbidden } from '../../core/itip/compare.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import { scheduleFingerprint } from '../../core/itip/fingerprint.ts';
import { nameOrganizer } from '../../core/itip/name-organizer.ts';
import { type MailStamp, raisedSequences, stampFor } from '../../core/itip/stamp.ts';
import { because } from '../../core/reasons.ts';
import { replyAddress } from '../../core/signing/reply-address.ts';
import { signRsvpToken } from '../../core/signing/token.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { Ledger, LedgerWrite, Mailing } from '../ports/spool.ts';
import type { Expand } from '../ports/recurrence.ts';
import { done, type Effects, ended, type Plan } from '../queue/plan.ts';
import { copyLane, type Job, type NewRecord } from '../records/records.ts';
import { isEventOver } from './event-end.ts';
import { wasInvitedBefore } from './invited-before.ts';
import { fingerprintOf, isNothingNew } from './is-nothing-new.ts';
import type { LanguageOf } from './language-of.ts';
import { linkExpiry } from './link-expiry.ts';
import type { OutgoingMails } from './outgoing-mail.ts';
import type { WaitForQuota } from './wait-for-quota.ts';

export interface MailOptions {
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly outgoingMails: OutgoingMails;
  readonly templates: Templates;
  readonly expand: Expand;
  readonly waitForQuota: WaitForQuota;
  readonly replyDomain: string | null;
  readonly itip: boolean;
  readonly guestList: boolean;
  readonly appUrl: string;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
  readonly now: () => number;
}

/** A message with the occurrence that it is about and the earlier mails to its recipient, oldest first. */
interface Message extends Job<'schedule-message'> {
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly mailings: readonly Mailing[];
}

export async function planMail(
  options: MailOptions,
  job: Job<'schedule-message'>,
  mailings: readonly Mailing[],
): Promise<Plan> {
  const { from, to, method, again } = job.body;
  const calendar = isFromAttendee(method) ? job.body.calendar : nameOrganizer(job.body.calendar, from);
  const message: Message = { ...job, body: { ...job.body, calendar }, ...calendarScope(calendar), mailings };
  if (isRoomOfService(to)) return ended(message, options.now(), 'not-mailed', because('resource'));
  // Mail a CANCEL even if SCHEDULE-AGENT is CLIENT or NONE by now, because this gateway scheduled the attendee before
  // (RFC 6638 §3.2.1.2).
  if (method !== 'CANCEL' && mailingForbidden(calendar, to))
    return ended(message, options.now(), 'not-mailed', because('schedule-agent'));
  const fingerprint = fingerprintOf(options, message.body);
  if (!again && isNothingNew(options, message, fingerprint)) {
    return ended(message, options.now(), 'not-mailed', because('nothing-new'));
  }
  if (!again && (await isOver(options, message))) {
    return ended(message, options.now(), 'not-mailed', because('over'));
  }
  const kind = await mailKind(options, message);
  const stamp = stampFor(parseEvent(calendar), method, mailings, options.now());
  const bounced = kind === 'reply' ? null : await options.ledger.suppressed(from.key, to.key);
  if (bounced !== null && kind !== 'invitation' && !again) {
    const plan = ended(message, options.now(), 'not-mailed', because('suppressed', { diagnostic: bounced }));
    if (kind !== 'cancel') return plan;
    // Record the CANCEL anyway, so that a later REQUEST counts as a new invitation.
    const { id, messageId } = options.outgoingMails.identify(options.now(), from, {});
    const organizerAsMailed = mailings[0]?.organizerAsMailed ?? from.asWritten;
    const mailing = mailingOf(options, message, stamp, { id, messageId, fingerprint, organizerAsMailed });
    return { ...plan, ledger: [...(plan.ledger ?? []), { kind: 'mailing', mailing }] };
  }
  const wait = mailings.length > 0 ? null : await options.waitForQuota(message, message.uid);
  if (wait !== null) return { ...wait, disposition: { kind: 'retry', dueAt: wait.until, error: 'quota' } };
  const unsuppress: LedgerWrite[] =
    bounced === null ? [] : [{ kind: 'unsuppress', ownerKey: from.key, recipientKey: to.key }];
  const mail = await composeMail(options, message, { kind, fingerprint, stamp });
  return {
    disposition: done,
    add: [...mail.add, ...rereadOnce(options, message)],
    ledger: [...unsuppress, ...mail.ledger],
  };
}

/** A room or a device of a calendar service, such as `c_…@resource.calendar.google.com`. It has no mailbox. */
function isRoomOfService({ key }: CalendarAddress): boolean {
  return /@resource\.calendar\./.test(key);
}

interface MailFacts {
  readonly kind: InvitationKind;
  readonly fingerprint: string;
  readonly stamp: MailStamp;
}

async function composeMail(
  options: MailOptions,
  message: Message,
  { kind, fingerprint, stamp }: MailFacts,
): Promise<Required<Effects>> {
  const { body, uid, recurrenceId, mailings } = message;
  const { origin, from, to, calendar, method } = body;
  const now = options.now();
  const reply = isFromAttendee(method) || kind === 'own' ? null : replyAddressFor(options, message);
  const identity = options.outgoingMails.identify(now, from, { replyAddress: reply?.address ?? null });
  const requests = mailings.filter((mailing) => mailing.method === 'REQUEST');
  const previous = requests.findLast((mailing) => mailing.recurrenceId === recurrenceId) ?? requests.at(-1);
  const { raw } = composeInvitation(
    {
      kind,
      calendar,
      // An ADD has only the occurrences that it adds, so there is nothing to compare it with.
      previousCalendar: kind === 'update' && method === 'REQUEST' ? (previous?.calendar ?? null) : null,
      sender: from,
      recipient: to,
      organizerAsMailed: options.itip ? (reply?.address ?? null) : null,
      itip: options.itip && kind !== 'own',
      guestList: options.guestList,
      stamp,
      from: identity.from,
      links: method === 'REQUEST' && kind !== 'own' ? await linksFor(options, message) : null,
      messageId: identity.messageId,
      references: mailings[0]?.messageId ?? null,
      date: now,
      language: options.languageOf(to),
      timezone: options.timezone,
    },
    options.templates,
  );
  const facts = { origin, rcptTo: to.asWritten, what: kind, method, owner: from, recipient: to, uid };
  const organizerAsMailed = reply?.address ?? (isFromAttendee(method) ? to : from).asWritten;
  const mailing = mailingOf(options, message, stamp, { ...identity, fingerprint, organizerAsMailed });
  const pair: LedgerWrite[] =
    reply === null ? [] : [{ kind: 'reply-pair', pair: { id: reply.id, organizer: from, attendee: to } }];
  return {
    add: [options.outgoingMails.record(identity, raw, facts)],
    // A DECLINECOUNTER is not a revision of the event, so later mails are not compared with it.
    ledger: kind === 'decline' ? pair : [...pair, { kind: 'mailing', mailing }],
  };
}

function mailingOf(
  options: MailOptions,
  { body, uid, recurrenceId }: Message,
  stamp: MailStamp,
  mail: Pick<Mailing, 'id' | 'messageId' | 'fingerprint' | 'organizerAsMailed'>,
): Mailing {
  const { from, to, calendar, method } = body;
  const shown = readEventView(calendar, recurrenceId, to, null);
  return {
    id: mail.id,
    messageId: mail.messageId,
    ownerKey: from.key,
    uid,
    recipientKey: to.key,
    recurrenceId,
    method,
    sequence: stamp.sequences.get(shown.recurrenceId) ?? shown.sequence,
    raised: raisedSequences(parseEvent(calendar), stamp),
    mailedAt: options.now(),
    stampedAt: stamp.stampedAt,
    scheduleFingerprint: scheduleFingerprint(calendar, recurrenceId),
    fingerprint: mail.fingerprint,
    organizerAsMailed: mail.organizerAsMailed,
    calendar,
  };
}

/**
 * Returns the reply address that was mailed first: ORGANIZER must not change while the event exists, even if new
 * addresses are signed with another key.
 */
function replyAddressFor(
  { ring, replyDomain }: MailOptions,
  { body: { from, to }, mailings }: Message,
): { id: string; address: string } | null {
  if (replyDomain === null) return null;
  const [newest, ...older] = ring;
  const mailedFirst = mailings[0]?.organizerAsMailed;
  const rings: KeyRing[] = [ring, ...older.map((key): KeyRing => [key, newest])];
  const addresses = rings.map((each) => replyAddress(each, { organizer: from, attendee: to }, replyDomain));
  return addresses.find(({ address }) => address === mailedFirst) ?? addresses[0] ?? null;
}

/** Returns the kind of mail. It depends on the method, the sender and whether this recipient was invited before. */
async function mailKind({ ledger }: MailOptions, { body, recurrenceId, mailings }: Message): Promise<InvitationKind> {
  const { method, again } = body;
  if (method === 'CANCEL') return 'cancel';
  if (method === 'DECLINECOUNTER') return 'decline';
  if (isFromAttendee(method)) return 'reply';
  if (isOrganizer(body)) return 'own';
  if (again) return 'refresh';
  const last = mailings.findLast((mailing) => mailing.recurrenceId === recurrenceId || mailing.recurrenceId === null);
  if (last !== undefined) return last.method === 'CANCEL' ? 'invitation' : 'update';
  return mailings.length === 0 && (await wasInvitedBefore(ledger, body)) ? 'update' : 'invitation';
}

function isOrganizer({ from, to, calendar }: Message['body']): boolean {
  return [from.key, ...organizersOf(parseEvent(calendar))].includes(to.key);
}

function organizersOf(document: EventDocument): string[] {
  return componentsOf(document).flatMap(({ organizer }) => organizer?.address.key ?? []);
}

/**
 * Whether the event is over, both in this message and as last mailed. If the organizer moves an event into the past,
 * its guests may still expect it at the time that was last mailed.
 */
async function isOver({ expand, now }: MailOptions, { body, recurrenceId, mailings }: Message): Promise<boolean> {
  if (isFromAttendee(body.method)) return false;
  const last = mailings.findLast(
    (mailing) =>
      mailing.method === 'REQUEST' &&
      (recurrenceId === null || mailing.recurrenceId === null || mailing.recurrenceId === recurrenceId),
  );
  for (const calendar of [body.calendar, last?.calendar ?? ''].filter((text) => text !== '')) {
    if (!(await isEventOver(parseEvent(calendar), recurrenceId, expand, now()))) return false;
  }
  return true;
}

async function linksFor(
  { ring, appUrl, expand, now }: MailOptions,
  { body: { from, to, calendar }, uid, recurrenceId }: Message,
): Promise<RsvpLinks> {
  const expiresAt = await linkExpiry(calendar, recurrenceId, expand, now());
  const claims = { uid, recurrenceId, attendee: to.asWritten, organizer: from.asWritten, expiresAt };
  const token = await signRsvpToken(ring, claims);
  const link = (action: string): string =>
    `${appUrl.replace(/\/+$/, '')}/rsvp/?token=${encodeURIComponent(token)}&action=${action}`;
  return { accepted: link('accepted'), tentative: link('tentative'), declined: link('declined') };
}

const REREAD_WINDOW_MS = 4_000;

/**
 * Adds a re-read of the event: the organizer's change may be based on an older copy that lacks an answer we applied.
 * All recipients of the change share one re-read, because the task id is the same within a window.
 */
function rereadOnce({ now }: MailOptions, { body: { method, from, again }, uid }: Message): NewRecord[] {
  if (method !== 'REQUEST' || again) return [];
  const lane = copyLane({ owner: from, uid });
  const window = Math.floor(now() / REREAD_WINDOW_MS);
  const id = `verify-${createHash('sha256').update(lane).digest('hex').slice(0, 24)}-${window}`;
  const dueAt = (window + 1) * REREAD_WINDOW_MS + 1_000;
  return [{ body: { kind: 'verify', owner: from, uid, round: 0 }, id, dueAt }];
}
