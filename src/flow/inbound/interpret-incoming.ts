// Queue `incoming`: a received mail in, answers (tasks of their event's lane), forwarded letters and ledger entries out.
// Finds out whom each recipient address stands for, what the mail is, who sent it, and whether that sender may answer.
// A mail is never dropped without an entry, but for other people's copies in own-domain mode.
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import { GatewayError } from '../../core/errors.ts';
import { addressKey, calendarAddress } from '../../core/ical/calendar-address.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { readBounceAddress } from '../../core/signing/bounce-address.ts';
import { readReplyAddress } from '../../core/signing/reply-address.ts';
import type { Batch, Changes, Task } from '../ports/spool.ts';
import { ChangeSet } from '../queue/change-set.ts';
import {
  type InterpretOptions,
  type PersonRoute,
  type Reading,
  record,
  recordFor,
  type Route,
} from './mail-context.ts';
import { bodyOf, type IncomingBody, type Origin } from '../records/records.ts';
import { takeBounces } from './on-bounce.ts';
import { takeClaim } from './on-claim.ts';
import { forward, takeLetter } from './on-letter.ts';

/** With the queue's back-off some three minutes; then the answer is held. */
const DNS_TRIES = 6;

/** Above this a mail is going round in circles (RFC 5321 §6.3 asks for at least 100; our own path is short). */
const MOST_HOPS = 60;

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
  const reading: Reading = { task, mail, incoming, origin, evidence, set, taken: new Set() };
  for (const recipient of new Set(envelope.rcptTo.map(addressKey))) {
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
