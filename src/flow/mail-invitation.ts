// Queue `invitation`, one lane: what the CalDAV server wants said to one recipient about one event, in order. Each
// becomes a mail, or a ledger entry that says why not: nothing new since the last mail, or mailing is forbidden.
import { createHash } from 'node:crypto';
import { composeInvitation } from '../compose/compose-invitation.ts';
import { readEventView } from '../compose/event-view.ts';
import type { InvitationKind, RsvpLinks, Templates } from '../compose/types.ts';
import { fingerprintFor, scheduleFingerprint } from '../itip/fingerprint.ts';
import { mailingForbidden } from '../itip/compare.ts';
import type { CalendarAddress } from '../itip/types.ts';
import { replyAddress } from '../rsvp/reply-address.ts';
import { signRsvpToken } from '../rsvp/token.ts';
import type { KeyRing } from '../rsvp/types.ts';
import type { Batch, Changes, Ledger, Mailing, Task } from '../spool/types.ts';
import { ChangeSet } from './change-set.ts';
import { linkExpiry } from './link-expiry.ts';
import type { Expand } from './judge-answers.ts';
import type { Post } from './post.ts';
import { bodyOf, entryAbout, eventLane, type Invitation, newTask } from './records.ts';
import { scopeOf } from './scope-of.ts';

export interface InvitationWorkOptions {
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly post: Post;
  readonly templates: Templates;
  readonly expand: Expand;
  readonly replyDomain: string | null;
  readonly itip: boolean;
  readonly appUrl: string;
  readonly language: string;
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
    for (const task of tasks) {
      const body = bodyOf<Invitation>(task);
      const { uid, recurrenceId } = scopeOf(body.calendar);
      const lane = eventLane(body.sender.key, uid);
      const mailings = known.get(lane) ?? [
        ...(await options.ledger.eventContext(body.sender.key, uid, [body.recipient.key])).mailings,
      ];
      known.set(lane, mailings);
      const mailing = await mailOne(options, { task, body, uid, recurrenceId, set }, mailings);
      if (mailing !== null) mailings.push(mailing);
      set.done(task.id);
    }
    return set.changes();
  };
}

async function mailOne(
  options: InvitationWorkOptions,
  work: Work,
  mailings: readonly Mailing[],
): Promise<Mailing | null> {
  const { body, recurrenceId, set } = work;
  const { sender, recipient, calendar, method } = body;
  if (mailingForbidden(calendar, recipient)) {
    recordNotMailed(
      options,
      work,
      'schedule-agent',
      'SCHEDULE-AGENT says that somebody else tells this attendee, or nobody.',
    );
    return null;
  }
  const fingerprint = method === 'REPLY' ? replyFingerprint(calendar) : fingerprintFor(calendar, recipient);
  const last = mailings.findLast((mailing) => mailing.recurrenceId === recurrenceId) ?? null;
  if (last?.fingerprint === fingerprint && !body.again) {
    recordNotMailed(options, work, 'nothing-new', 'The recipient was told the same before.');
    return null;
  }
  const now = options.now();
  const reply = method === 'REPLY' ? null : replyAddressFor(options, sender, recipient, mailings);
  if (reply !== null) set.write({ kind: 'reply-pair', pair: { id: reply.id, organizer: sender, attendee: recipient } });
  const stamp = options.post.stamp(now, reply?.address ?? null, sender);
  const kind = kindOf(method, recurrenceId, mailings, calendar);
  const { raw } = composeInvitation(
    {
      kind,
      calendar,
      previousCalendar:
        kind === 'update'
          ? ((last ?? mailings.findLast((mailing) => mailing.method === 'REQUEST'))?.calendar ?? null)
          : null,
      organizer: sender,
      recipient,
      organizerAsMailed: options.itip ? (reply?.address ?? null) : null,
      itip: options.itip,
      from: stamp.from,
      links: kind === 'invitation' || kind === 'update' ? await linksFor(options, work) : null,
      messageId: stamp.messageId,
      references: mailings[0]?.messageId ?? null,
      date: now,
      language: options.language,
      timezone: options.timezone,
    },
    options.templates,
  );
  const mailing: Mailing = {
    organizerKey: sender.key,
    uid: work.uid,
    recipientKey: recipient.key,
    recurrenceId,
    method,
    sequence: readEventView(calendar, recurrenceId, recipient).sequence,
    mailedAt: now,
    scheduleFingerprint: scheduleFingerprint(calendar, recurrenceId),
    messageId: stamp.messageId,
    fingerprint,
    organizerAsMailed: reply?.address ?? sender.asWritten,
    calendar,
  };
  // A no to a proposal is no revision of the event: nothing is compared with it later.
  if (kind !== 'decline') set.write({ kind: 'mailing', mailing });
  set.write({ kind: 'unsuppress', organizerKey: sender.key, recipientKey: recipient.key });
  set.add(
    options.post.task(
      stamp,
      raw,
      {
        origin: body.origin,
        rcptTo: recipient.asWritten,
        what: kind,
        organizer: sender,
        attendee: recipient,
        uid: work.uid,
      },
      now,
    ),
  );
  verifyAnswers(options, work);
  return kind === 'decline' ? null : mailing;
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
  reason: string,
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
