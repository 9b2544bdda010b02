// Queue `incoming`: a received mail in, answers (tasks of their event's lane), forwarded letters and ledger entries out.
// Finds out whom each recipient address stands for, what the mail is, who sent it, and whether that sender may answer.
// A mail is never dropped without an entry, but for other people's copies in own-domain mode.
import { GatewayError } from '../errors.ts';
import type { SenderEvidence } from '../authenticate/types.ts';
import { composeForward } from '../compose/compose-forward.ts';
import { calendarAddress } from '../itip/calendar-address.ts';
import { judgeSender } from '../itip/judge-sender.ts';
import type { CalendarAddress, ClaimedItem } from '../itip/types.ts';
import type { Bounce, Incoming, ReceivedMail } from '../message/types.ts';
import { readBounceAddress } from '../rsvp/bounce-address.ts';
import { hideSigned } from '../rsvp/hide-signed.ts';
import { readReplyAddress } from '../rsvp/reply-address.ts';
import type { KeyRing } from '../rsvp/types.ts';
import type { Batch, Changes, Ledger, Task } from '../spool/types.ts';
import { toEventBody } from './claim-to-body.ts';
import { ChangeSet } from './change-set.ts';
import { messageIdOf, type Post } from './post.ts';
import { bodyOf, entryAbout, eventLane, type IncomingBody, newTask, type Origin } from './records.ts';

export interface InterpretOptions {
  readonly interpret: (raw: Uint8Array) => Promise<Incoming>;
  /** `lastTry`: a DNS failure becomes part of the evidence instead of a temporary error. */
  readonly authenticate: (mail: ReceivedMail, lastTry: boolean) => Promise<SenderEvidence>;
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  readonly bounceDomain: string | null;
  readonly hostname: string;
  readonly isOwnRecipient: (address: string) => boolean;
  readonly postmaster: string | null;
  readonly policy: 'strict' | 'domain' | 'token';
  readonly post: Post;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** With the queue's back-off some three minutes; then the answer is held. */
const DNS_TRIES = 6;

/** Above this a mail is going round in circles (RFC 5321 §6.3 asks for at least 100; our own path is short). */
const MOST_HOPS = 60;

/** Whom a recipient address stands for. */
type Route =
  | {
      readonly kind: 'reply';
      readonly organizer: CalendarAddress;
      readonly attendee: CalendarAddress;
      readonly id: string;
    }
  | { readonly kind: 'own'; readonly organizer: CalendarAddress }
  | { readonly kind: 'bounce'; readonly mailId: string }
  | { readonly kind: 'postmaster' }
  | { readonly kind: 'unknown' };

interface Reading {
  readonly task: Task;
  readonly mail: ReceivedMail;
  readonly incoming: Incoming;
  readonly origin: Origin;
  /** Asked at most once, and only where somebody's word is at stake. */
  readonly evidence: () => Promise<SenderEvidence>;
  readonly set: ChangeSet;
}

export function interpretIncoming(options: InterpretOptions): (batch: Batch) => Promise<Changes> {
  return async ({ tasks }) => {
    const set = new ChangeSet();
    for (const task of tasks) {
      await interpretTask(options, task, set);
      set.done(task.id);
    }
    return set.changes();
  };
}

async function interpretTask(options: InterpretOptions, task: Task, set: ChangeSet): Promise<void> {
  const { envelope, peer, receivedAt } = bodyOf<IncomingBody>(task);
  if (task.raw === null) throw new GatewayError('internal', `task ${task.id} has no mail`);
  const mail: ReceivedMail = { envelope, peer, receivedAt, raw: task.raw };
  const incoming = await options.interpret(task.raw);
  const origin: Origin = { recordId: task.id, door: peer.door, messageId: incoming.mail.messageId };
  let asked: Promise<SenderEvidence> | undefined;
  const evidence = (): Promise<SenderEvidence> => (asked ??= options.authenticate(mail, task.attempts >= DNS_TRIES));
  const reading: Reading = { task, mail, incoming, origin, evidence, set };
  for (const recipient of new Set(envelope.rcptTo.map((address) => address.toLowerCase()))) {
    await takeFor(options, await routeOf(options, recipient), reading);
  }
}

async function routeOf(options: InterpretOptions, recipient: string): Promise<Route> {
  const { ring, replyDomain, bounceDomain, ledger } = options;
  const reply = replyDomain === null ? null : readReplyAddress(ring, recipient, replyDomain);
  if (reply !== null) {
    const pair = await ledger.replyPair(reply.id);
    return pair === null ? { kind: 'unknown' } : { kind: 'reply', ...pair };
  }
  const bounce = bounceDomain === null ? null : readBounceAddress(ring, recipient, bounceDomain);
  if (bounce !== null) return { kind: 'bounce', mailId: bounce.mailId };
  const organizer = calendarAddress(recipient);
  if (organizer !== null && options.isOwnRecipient(recipient)) return { kind: 'own', organizer };
  return { kind: 'postmaster' };
}

async function takeFor(options: InterpretOptions, route: Route, reading: Reading): Promise<void> {
  const { incoming } = reading;
  if (incoming.mail.hops > MOST_HOPS) {
    record(
      options,
      reading,
      null,
      'refused',
      'loop',
      'The mail has passed too many servers: it goes round in circles.',
    );
    return;
  }
  switch (route.kind) {
    case 'unknown':
      record(
        options,
        reading,
        null,
        'refused',
        'unknown-reply-address',
        'The reply address is ours, but nobody in this ledger was given it.',
      );
      return;
    case 'bounce':
      await takeBounces(options, route.mailId, reading);
      return;
    case 'postmaster':
      forward(options, reading, options.postmaster === null ? null : calendarAddress(options.postmaster), 'postmaster');
      return;
    default:
      await takeItems(options, route, reading);
  }
}

type PersonRoute = Extract<Route, { kind: 'reply' | 'own' }>;

async function takeItems(options: InterpretOptions, route: PersonRoute, reading: Reading): Promise<void> {
  for (const item of reading.incoming.items) {
    switch (item.kind) {
      case 'answer':
      case 'proposal':
      case 'refresh':
        await takeClaim(options, route, reading, item);
        break;
      case 'letter':
        await takeLetter(options, route, reading);
        break;
      case 'automatic-reply':
        recordFor(
          options,
          route,
          reading,
          'recorded',
          'automatic-reply',
          'An automatic reply; it says nothing about the invitation.',
        );
        break;
      case 'abuse-report':
        recordFor(options, route, reading, 'recorded', 'abuse-report', 'A complaint about one of our mails.');
        break;
      case 'bounce':
        recordFor(
          options,
          route,
          reading,
          'recorded',
          'misdirected-bounce',
          'A delivery report that did not come to its signed address proves nothing.',
        );
        break;
      default:
        recordFor(options, route, reading, 'refused', item.reason, item.detail);
        if (item.reason !== 'unparseable-mail') await takeLetter(options, route, reading);
    }
  }
}

/** "This attendee says so": who says it decides whether it goes to the calendar or to the organizer. */
async function takeClaim(
  options: InterpretOptions,
  route: PersonRoute,
  reading: Reading,
  claim: ClaimedItem,
): Promise<void> {
  const { incoming, mail, origin, set } = reading;
  const evidence = await reading.evidence();
  const replyAddressAttendee = route.kind === 'reply' ? route.attendee : null;
  const organizer = route.kind === 'own' ? ownOrganizer(options, route.organizer, claim.organizer) : route.organizer;
  const claimed = replyAddressAttendee ?? claim.attendee;
  const { forwarded } = incoming;
  const { policy } = options;
  const judge = (aliases: readonly string[]) =>
    judgeSender({ claim, replyAddressAttendee, evidence, aliases, forwarded, policy });
  let judgement = judge([]);
  // Aliases only let through what would be held.
  if (judgement.verdict === 'hold' && claimed !== null) {
    judgement = judge(await options.ledger.aliases(organizer.key, claimed.key));
  }
  const sender = incoming.mail.from[0]?.address ?? evidence.from[0] ?? '';
  const attendee = judgement.attendee ?? claimed ?? calendarAddress(sender);
  if (attendee === null) {
    recordFor(
      options,
      route,
      reading,
      'refused',
      'no-attendee',
      'Neither the calendar nor From says whose answer it is.',
    );
    return;
  }
  const held = judgement.verdict === 'hold' ? judgement.reason : null;
  if (claim.kind === 'refresh' && held !== null) {
    recordFor(
      options,
      route,
      reading,
      'ignored',
      held,
      'Somebody asked for the event again without proof of who they are.',
    );
    return;
  }
  const body = toEventBody({
    claim,
    attendee,
    organizer,
    mail: incoming.mail,
    receivedAt: mail.receivedAt,
    door: mail.peer.door,
    origin,
    sender,
    held,
  });
  const id = options.makeId(options.now());
  set.add(
    newTask(id, 'event', eventLane(organizer.key, claim.occurrence.uid), body, {
      createdAt: mail.receivedAt,
      dueAt: options.now(),
    }),
  );
}

/** Own-domain mode: the ORGANIZER may be another accepted address (a shared calendar); else it is the recipient. */
function ownOrganizer(
  options: InterpretOptions,
  recipient: CalendarAddress,
  named: CalendarAddress | null,
): CalendarAddress {
  return named !== null && options.isOwnRecipient(named.asWritten) ? named : recipient;
}

async function takeLetter(options: InterpretOptions, route: PersonRoute, reading: Reading): Promise<void> {
  // In own-domain mode the organizer has the mail already: ours is a copy.
  if (route.kind === 'own') return;
  const { messageId } = reading.incoming.mail;
  if (messageId !== null) {
    const mark = `letter:${route.id}:${messageId}`;
    if (await options.ledger.marked(mark)) {
      recordFor(options, route, reading, 'ignored', 'forwarded-before', 'This letter was forwarded before.');
      return;
    }
    reading.set.write({ kind: 'mark', mark, at: options.now() });
  }
  forward(options, reading, route.organizer, 'letter');
}

function forward(
  options: InterpretOptions,
  reading: Reading,
  to: CalendarAddress | null,
  what: 'letter' | 'postmaster',
): void {
  const { incoming, task, origin, set } = reading;
  const at = options.now();
  if (incoming.mail.loopMark !== null) {
    record(options, reading, to, 'ignored', 'loop', 'It is one of our own mails coming back.');
    return;
  }
  if (to === null) {
    record(
      options,
      reading,
      null,
      'recorded',
      'no-postmaster',
      'Mail for the postmaster; set POSTMASTER_EMAIL to have it forwarded.',
    );
    return;
  }
  const writer = incoming.mail.from[0];
  const stamp = options.post.stamp(at, null, to);
  const { raw } = composeForward({
    raw: reading.mail.raw,
    from: stamp.from,
    fromName: writer?.name || writer?.address || '',
    replyTo: writer?.address ?? '',
    to: to.asWritten,
    messageId: stamp.messageId,
    date: at,
    loopMark: task.id,
  });
  set.add(
    options.post.task(
      stamp,
      raw,
      { origin, rcptTo: to.asWritten, what: 'forward', organizer: to, attendee: null, uid: null },
      at,
    ),
  );
  record(options, reading, to, 'forwarded', what, 'It carries no answer: it was forwarded as a letter.');
}

async function takeBounces(options: InterpretOptions, mailId: string, reading: Reading): Promise<void> {
  const bounces = reading.incoming.items.filter((item): item is Bounce => item.kind === 'bounce');
  const failed = bounces.find(({ action }) => action === 'failed');
  if (failed === undefined) {
    const what = bounces[0]?.action ?? reading.incoming.items[0]?.kind ?? 'unknown';
    record(
      options,
      reading,
      null,
      'recorded',
      what === 'delayed' ? 'delayed' : 'not-a-failure',
      `Came to a bounce address and reports no failure (${what}).`,
    );
    return;
  }
  const mailing = await options.ledger.mailing(messageIdOf(mailId, options.hostname));
  const said = [failed.status, failed.diagnostic].filter(Boolean).join(' ');
  const diagnostic = hideSigned(said) || 'no reason was given';
  const attendee = mailing === null ? null : calendarAddress(mailing.recipientKey);
  const organizer = mailing === null ? null : calendarAddress(mailing.organizerKey);
  if (mailing === null || attendee === null || organizer === null) {
    record(
      options,
      reading,
      null,
      'bounced',
      'undeliverable',
      `A mail of ours that was no invitation did not arrive: ${diagnostic}`,
    );
    return;
  }
  const at = options.now();
  const body = {
    kind: 'undeliverable',
    origin: reading.origin,
    organizer,
    attendee,
    uid: mailing.uid,
    diagnostic,
  } as const;
  reading.set.add(newTask(options.makeId(at), 'event', eventLane(organizer.key, mailing.uid), body, { createdAt: at }));
}

function recordFor(
  options: InterpretOptions,
  route: PersonRoute,
  reading: Reading,
  verdict: 'refused' | 'recorded' | 'ignored',
  reason: string,
  detail: string,
): void {
  // Own-domain mode sees all mail of those people: what is no calendar mail leaves no trace.
  if (route.kind === 'own' && reading.incoming.source === null) return;
  record(options, reading, route.organizer, verdict, reason, detail, route.kind === 'reply' ? route.attendee : null);
}

function record(
  options: InterpretOptions,
  { task, origin, set }: Reading,
  organizer: CalendarAddress | null,
  verdict: 'refused' | 'recorded' | 'ignored' | 'forwarded' | 'bounced',
  reason: string,
  detail: string,
  attendee: CalendarAddress | null = null,
): void {
  set.record(
    entryAbout(origin, task.id, {
      at: options.now(),
      verdict,
      reason,
      detail,
      organizer: organizer?.key ?? null,
      attendee: attendee?.key ?? null,
    }),
  );
}
