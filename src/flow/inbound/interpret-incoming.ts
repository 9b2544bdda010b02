// Queue `incoming`. In: a received mail; out: records for organizers' copies, forwarded letters and ledger entries. For
// each recipient address it determines the route, the items of the mail and whether the sender is proven. Every mail
// leaves a ledger entry, except mail without a calendar part in own-domain mode.
import { GatewayError } from '../../core/errors.ts';
import { addressKey, calendarAddress } from '../../core/ical/calendar-address.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import type { IncomingItem, ReceivedMail } from '../../core/message/types.ts';
import { because } from '../../core/reasons.ts';
import { readBounceAddress } from '../../core/signing/bounce-address.ts';
import { readReplyAddress } from '../../core/signing/reply-address.ts';
import { done, joinEffects, type LaneHandler, type Plan, planEach } from '../queue/plan.ts';
import type { Origin } from '../records/parts.ts';
import type { Job } from '../records/records.ts';
import {
  type InterpretOptions,
  type MailContext,
  type Outcome,
  type PersonRoute,
  recordForPerson,
  recordMail,
  type Route,
} from './mail-context.ts';
import { itemsFor } from './items-for.ts';
import { onBounce } from './on-bounce.ts';
import { onClaim } from './on-claim.ts';
import { forward, onLetter } from './on-letter.ts';

/** About three minutes with the queue's back-off; then DNS failures become evidence and the answer is held. */
const MAX_DNS_ATTEMPTS = 6;

/** A mail with more Received fields is in a loop (RFC 5321 §6.3 recommends at least 100; our own path is short). */
const MAX_HOPS = 60;

export function interpretIncoming(options: InterpretOptions): LaneHandler<'mail'> {
  return planEach((mail) => interpretOne(options, mail));
}

async function interpretOne(options: InterpretOptions, job: Job<'mail'>): Promise<Plan> {
  const { task, body } = job;
  const { envelope, peer, receivedAt } = body;
  if (task.raw === null) throw new GatewayError('internal', `task ${task.id} has no mail`);
  const mail: ReceivedMail = { envelope, peer, receivedAt, raw: task.raw };
  const isReturned = envelope.mailFrom === '' && envelope.rcptTo.every((to) => bounceOf(options, to) !== null);
  const incoming = await options.interpret(task.raw, { isReturned });
  const origin: Origin = { recordId: task.id, door: peer.door, messageId: incoming.mail.messageId };
  let authenticated: Promise<SenderEvidence> | undefined;
  const evidence = (): Promise<SenderEvidence> =>
    (authenticated ??= options.authenticate(mail, task.attempts >= MAX_DNS_ATTEMPTS));
  const context: MailContext = { job, mail, incoming, origin, evidence };
  const outcomes: Outcome[] = [];
  for (const recipient of new Set(envelope.rcptTo.map(addressKey))) {
    outcomes.push(...(await planRecipient(options, await routeOf(options, recipient), context)));
  }
  return { disposition: done, ...joinEffects(outcomes.filter(isFirst)) };
}

function isFirst({ dedupeKey }: Outcome, at: number, outcomes: readonly Outcome[]): boolean {
  return dedupeKey === undefined || outcomes.findIndex((other) => other.dedupeKey === dedupeKey) === at;
}

function isReplyAddress({ ring, replyDomain }: InterpretOptions, address: string): boolean {
  return readReplyAddress(ring, addressKey(address), replyDomain) !== null;
}

async function routeOf(options: InterpretOptions, recipient: string): Promise<Route> {
  const { ring, replyDomain, ledger } = options;
  const reply = readReplyAddress(ring, recipient, replyDomain);
  if (reply !== null) {
    const pair = await ledger.replyPair(reply.id);
    return pair === null ? { kind: 'unknown' } : { kind: 'reply', ...pair };
  }
  const bounce = bounceOf(options, recipient);
  if (bounce !== null) return { kind: 'bounce', mailId: bounce.mailId };
  const organizer = calendarAddress(recipient);
  if (organizer !== null && options.isOwnRecipient(recipient)) return { kind: 'own', organizer };
  return { kind: 'postmaster' };
}

function bounceOf({ ring, bounceDomain }: InterpretOptions, recipient: string): { readonly mailId: string } | null {
  return bounceDomain === null ? null : readBounceAddress(ring, recipient, bounceDomain);
}

async function planRecipient(
  options: InterpretOptions,
  route: Route,
  context: MailContext,
): Promise<readonly Outcome[]> {
  const { incoming } = context;
  if (incoming.mail.hops > MAX_HOPS) {
    const why = because('loop', { hops: incoming.mail.hops });
    return [recordMail(options, context, { verdict: 'refused', ...why })];
  }
  switch (route.kind) {
    case 'unknown':
      return [recordMail(options, context, { verdict: 'refused', ...because('unknown-reply-address') })];
    case 'bounce':
      return [await onBounce(options, route.mailId, context)];
    case 'postmaster': {
      const to = options.postmaster === null ? null : calendarAddress(options.postmaster);
      return [forward(options, context, to, 'postmaster')];
    }
    default: {
      const outcomes: Outcome[] = [];
      for (const item of await itemsFor(options, route, incoming)) {
        outcomes.push(...(await planItem(options, route, context, item)));
      }
      return outcomes;
    }
  }
}

async function planItem(
  options: InterpretOptions,
  route: PersonRoute,
  context: MailContext,
  item: IncomingItem,
): Promise<readonly Outcome[]> {
  const recorded = (reason: 'automatic-reply' | 'abuse-report' | 'misdirected-bounce' | 'own-mail'): Outcome =>
    recordForPerson(options, route, context, { verdict: 'recorded', ...because(reason) });
  switch (item.kind) {
    case 'answer':
    case 'proposal':
    case 'refresh':
      return [await onClaim(options, route, context, item)];
    case 'letter':
      return [await onLetter(options, route, context)];
    case 'automatic-reply':
      return [recorded('automatic-reply')];
    case 'abuse-report':
      return [recorded('abuse-report')];
    case 'bounce':
      return [recorded('misdirected-bounce')];
    default: {
      const { reason, detail: found, organizers = [] } = item;
      if (organizers.some((address) => isReplyAddress(options, address))) return [recorded('own-mail')];
      const why = because(reason, { found });
      const refused = recordForPerson(options, route, context, { verdict: 'refused', ...why });
      return reason === 'unparseable-mail' ? [refused] : [refused, await onLetter(options, route, context)];
    }
  }
}
