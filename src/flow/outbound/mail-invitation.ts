// Queue `invitation`, one lane: what the CalDAV server wants said to one recipient about one event, in order. Each
// becomes a mail, waits for its organizer's quota, or becomes a ledger entry that says why not: nothing new since the last
// mail, mailing is forbidden, the address bounced.
import { createHash } from 'node:crypto';
import { composeInvitation } from '../../core/compose/compose-invitation.ts';
import { readEventView } from '../../core/compose/event-view.ts';
import type { InvitationKind, RsvpLinks, Templates } from '../../core/compose/types.ts';
import { fingerprintFor, scheduleFingerprint } from '../../core/itip/fingerprint.ts';
import { mailingForbidden } from '../../core/itip/compare.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { replyAddress } from '../../core/signing/reply-address.ts';
import { signRsvpToken } from '../../core/signing/token.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { ReasonFor } from '../../core/reasons.ts';
import type { Batch, Changes, Ledger, Mailing, Task } from '../ports/spool.ts';
import { ChangeSet } from '../queue/change-set.ts';
import { linkExpiry } from './link-expiry.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { LanguageOf } from './language-of.ts';
import type { Post } from './outgoing-mail.ts';
import { bodyOf, entryAbout, eventLane, type Invitation, newTask } from '../records/records.ts';
import { scopeOf } from '../../core/itip/calendar-scope.ts';
import type { WaitForQuota } from './wait-for-quota.ts';

export interface InvitationWorkOptions {
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly post: Post;
  readonly templates: Templates;
  readonly expand: Expand;
  readonly waitForQuota: WaitForQuota;
  readonly replyDomain: string | null;
  readonly itip: boolean;
  readonly guestList: boolean;
  readonly appUrl: string;
  readonly languageOf: LanguageOf;
  readonly timezone: string;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

interface Work {
  readonly task: Task;
  readonly body: Invitation;
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly set: ChangeSet;
}

const VERIFY_WINDOW_MS = 4_000;

export function mailInvitations(options: InvitationWorkOptions): (batch: Batch) => Promise<Changes> {
  return async ({ tasks }) => {
    const set = new ChangeSet();
    const known = new Map<string, Mailing[]>();
    for (const [at, task] of tasks.entries()) {
      const body = bodyOf<Invitation>(task);
      const { uid, recurrenceId } = scopeOf(body.calendar);
      const lane = eventLane(body.sender.key, uid);
      const mailings = known.get(lane) ?? [
        ...(await options.ledger.eventContext(body.sender.key, uid, [body.recipient.key])).mailings,
      ];
      known.set(lane, mailings);
      const work = { task, body, uid, recurrenceId, set };
      const until = await workOne(options, work, mailings);
      if (until !== null) {
        // First in, first out: what is behind it waits, too.
        for (const { id } of tasks.slice(at)) set.retry(id, until, 'quota');
        break;
      }
      set.done(task.id);
    }
    return set.changes();
  };
}

/** Adds to `mailings` what it mails. Until when the organizer's quota makes it wait, ms since 1970; null: it is done. */
async function workOne(options: InvitationWorkOptions, work: Work, mailings: Mailing[]): Promise<number | null> {
  const { body, recurrenceId, set } = work;
  const { sender, recipient, calendar, method, again } = body;
  if (mailingForbidden(calendar, recipient)) {
    const detail = 'SCHEDULE-AGENT says that somebody else tells this attendee, or nobody.';
    recordNotMailed(options, work, 'schedule-agent', detail);
    return null;
  }
  const fingerprint =
    method === 'REPLY' ? replyFingerprint(calendar) : fingerprintFor(calendar, recipient, options.guestList);
  const last = mailings.findLast((mailing) => mailing.recurrenceId === recurrenceId) ?? null;
  if (last?.fingerprint === fingerprint && !again) {
    recordNotMailed(options, work, 'nothing-new', 'The recipient was told the same before.');
    return null;
  }
  const kind = kindOf(method, recurrenceId, mailings, calendar);
  const bounced = kind === 'reply' ? null : await options.ledger.suppressed(sender.key, recipient.key);
  if (bounced !== null && kind !== 'invitation' && !again) {
    const detail = `An earlier mail did not arrive (${bounced}). A new invitation tries the address again.`;
    recordNotMailed(options, work, 'suppressed', detail);
    // Off the list all the same: whoever is put on it again is invited anew.
    if (kind === 'cancel') {
      const { messageId } = options.post.stamp(options.now(), null, sender);
      const organizerAsMailed = mailings[0]?.organizerAsMailed ?? sender.asWritten;
      remember(work, mailings, mailingOf(options, work, messageId, fingerprint, organizerAsMailed));
    }
    return null;
  }
  const until = mailings.length > 0 ? null : await options.waitForQuota(work);
  if (until !== null) return until;
  if (bounced !== null) set.write({ kind: 'unsuppress', organizerKey: sender.key, recipientKey: recipient.key });
  await mailOne(options, work, { kind, fingerprint, last, mailings });
  verifyAnswers(options, work);
  return null;
}

interface Told {
  readonly kind: InvitationKind;
  readonly fingerprint: string;
  /** What this recipient was told last about the same occurrence. */
  readonly last: Mailing | null;
  readonly mailings: Mailing[];
}

async function mailOne(options: InvitationWorkOptions, work: Work, told: Told): Promise<void> {
  const { body, uid, set } = work;
  const { origin, sender, recipient, calendar, method } = body;
  const { kind, fingerprint, last, mailings } = told;
  const now = options.now();
  const reply = method === 'REPLY' ? null : replyAddressFor(options, sender, recipient, mailings);
  if (reply !== null) set.write({ kind: 'reply-pair', pair: { id: reply.id, organizer: sender, attendee: recipient } });
  const stamp = options.post.stamp(now, reply?.address ?? null, sender);
  const previous = last ?? mailings.findLast((mailing) => mailing.method === 'REQUEST');
  const { raw } = composeInvitation(
    {
      kind,
      calendar,
      previousCalendar: kind === 'update' ? (previous?.calendar ?? null) : null,
      organizer: sender,
      recipient,
      organizerAsMailed: options.itip ? (reply?.address ?? null) : null,
      itip: options.itip,
      guestList: options.guestList,
      from: stamp.from,
      links: kind === 'invitation' || kind === 'update' ? await linksFor(options, work) : null,
      messageId: stamp.messageId,
      references: mailings[0]?.messageId ?? null,
      date: now,
      language: options.languageOf(recipient),
      timezone: options.timezone,
    },
    options.templates,
  );
  const facts = { origin, rcptTo: recipient.asWritten, what: kind, organizer: sender, attendee: recipient, uid };
  set.add(options.post.task(stamp, raw, facts, now));
  // A no to a proposal is no revision of the event: nothing is compared with it later.
  if (kind === 'decline') return;
  remember(work, mailings, mailingOf(options, work, stamp.messageId, fingerprint, reply?.address ?? sender.asWritten));
}

function remember({ set }: Work, mailings: Mailing[], mailing: Mailing): void {
  set.write({ kind: 'mailing', mailing });
  mailings.push(mailing);
}

function mailingOf(
  options: InvitationWorkOptions,
  { body, uid, recurrenceId }: Work,
  messageId: string,
  fingerprint: string,
  organizerAsMailed: string,
): Mailing {
  const { sender, recipient, calendar, method } = body;
  return {
    organizerKey: sender.key,
    uid,
    recipientKey: recipient.key,
    recurrenceId,
    method,
    sequence: readEventView(calendar, recurrenceId, recipient).sequence,
    mailedAt: options.now(),
    scheduleFingerprint: scheduleFingerprint(calendar, recurrenceId),
    messageId,
    fingerprint,
    organizerAsMailed,
    calendar,
  };
}

/** ORGANIZER as first mailed never changes while the event lives, whatever key signs new addresses now. */
function replyAddressFor(
  options: InvitationWorkOptions,
  organizer: CalendarAddress,
  attendee: CalendarAddress,
  mailings: readonly Mailing[],
): { id: string; address: string } | null {
  if (options.replyDomain === null) return null;
  const [newest, ...older] = options.ring;
  const first = mailings[0]?.organizerAsMailed;
  const rings: KeyRing[] = [options.ring, ...older.map((key): KeyRing => [key, newest])];
  const addresses = rings.map((ring) => replyAddress(ring, { organizer, attendee }, options.replyDomain ?? ''));
  return addresses.find(({ address }) => address === first) ?? addresses[0] ?? null;
}

/** By METHOD and by whether this recipient was invited before; without a ledger entry, by SEQUENCE. */
function kindOf(
  method: string,
  recurrenceId: string | null,
  mailings: readonly Mailing[],
  calendar: string,
): InvitationKind {
  if (method === 'CANCEL') return 'cancel';
  if (method === 'DECLINECOUNTER') return 'decline';
  if (method !== 'REQUEST') return 'reply';
  const last = mailings.findLast((mailing) => mailing.recurrenceId === recurrenceId || mailing.recurrenceId === null);
  if (last !== undefined) return last.method === 'CANCEL' ? 'invitation' : 'update';
  return mailings.length === 0 && readEventView(calendar, recurrenceId, null).sequence > 0 ? 'update' : 'invitation';
}

async function linksFor(options: InvitationWorkOptions, { body, uid, recurrenceId }: Work): Promise<RsvpLinks> {
  const expiresAt = await linkExpiry(body.calendar, uid, recurrenceId, options.expand, options.now());
  const claims = { uid, recurrenceId, attendee: body.recipient.asWritten, organizer: body.sender.asWritten, expiresAt };
  const token = await signRsvpToken(options.ring, claims);
  const link = (action: string): string =>
    `${options.appUrl.replace(/\/+$/, '')}/rsvp/?token=${encodeURIComponent(token)}&action=${action}`;
  return { accepted: link('accepted'), tentative: link('tentative'), declined: link('declined') };
}

/**
 * The organizer changed the event: look whether their copy was older than an answer that we applied. One look serves all
 * recipients of the change: their tasks share an id while a window lasts.
 */
function verifyAnswers(options: InvitationWorkOptions, { body, uid, set }: Work): void {
  if (body.method !== 'REQUEST' || body.again) return;
  const now = options.now();
  const lane = eventLane(body.sender.key, uid);
  const window = Math.floor(now / VERIFY_WINDOW_MS);
  const id = `verify-${createHash('sha256').update(lane).digest('hex').slice(0, 24)}-${window}`;
  const origin = { recordId: id, door: 'gateway', messageId: null };
  const verify = { kind: 'verify', origin, organizer: body.sender, uid, round: 0 } as const;
  set.add(newTask(id, 'event', lane, verify, { createdAt: now, dueAt: (window + 1) * VERIFY_WINDOW_MS + 1_000 }));
}

/** A REPLY that we mail for a local attendee is new whenever it says something else, or says it about another revision. */
function replyFingerprint(calendar: string): string {
  const said = calendar
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)
    .filter((line) => !/^(DTSTAMP|CREATED|LAST-MODIFIED|PRODID)[:;]/i.test(line));
  return createHash('sha256').update(said.join('\n')).digest('hex');
}

function recordNotMailed(
  options: InvitationWorkOptions,
  { body, task, uid, recurrenceId, set }: Work,
  reason: ReasonFor<'not-mailed'>,
  detail: string,
): void {
  const { sender, recipient, origin } = body;
  set.record(
    entryAbout(origin, task.id, {
      at: options.now(),
      verdict: 'not-mailed',
      reason,
      detail,
      organizer: sender.key,
      uid,
      recurrenceId,
      attendee: recipient.key,
    }),
  );
}
