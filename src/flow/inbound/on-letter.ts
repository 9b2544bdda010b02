// Forwards a mail without an answer to the organizer or the postmaster: once, from our own address, and not in a loop.
import { composeForward } from '../../core/compose/compose-forward.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { because } from '../../core/reasons.ts';
import { mark } from '../queue/plan.ts';
import {
  type InterpretOptions,
  type MailContext,
  noEffects,
  type Outcome,
  type PersonRoute,
  recordForPerson,
  recordMail,
} from './mail-context.ts';

export async function onLetter(options: InterpretOptions, route: PersonRoute, context: MailContext): Promise<Outcome> {
  // In own-domain mode the organizer receives the mail anyway; the gateway has a copy.
  if (route.kind === 'own') return noEffects;
  const { messageId } = context.incoming.mail;
  const name = messageId === null ? null : `letter:${route.id}:${messageId}`;
  if (name !== null && (await options.ledger.marked(name))) {
    return recordForPerson(options, route, context, { verdict: 'ignored', ...because('forwarded-before') });
  }
  const { add = [], ledger = [] } = forward(options, context, route.organizer, 'letter');
  return { add, ledger: [...(name === null ? [] : [mark(name, options.now())]), ...ledger] };
}

export function forward(
  options: InterpretOptions,
  context: MailContext,
  to: CalendarAddress | null,
  what: 'letter' | 'postmaster' | 'unclear-bounce',
): Outcome {
  const { incoming, job, origin, mail } = context;
  if (incoming.mail.loopMark !== null) {
    return recordMail(options, context, { verdict: 'ignored', ...because('loop', { hops: null }), organizer: to });
  }
  if (to === null) {
    return recordMail(options, context, { verdict: 'recorded', ...because('no-postmaster') });
  }
  const date = options.now();
  const writer = incoming.mail.from[0];
  const identity = options.outgoingMails.identify(date, to, {});
  const { raw } = composeForward({
    raw: mail.raw,
    from: identity.from,
    fromName: writer?.name || writer?.address || '',
    replyTo: writer?.address ?? '',
    to: to.asWritten,
    messageId: identity.messageId,
    date,
    loopMark: job.task.id,
  });
  const facts = {
    origin,
    rcptTo: to.asWritten,
    what: 'forward' as const,
    method: null,
    owner: to,
    recipient: null,
    uid: null,
  };
  const { ledger = [] } = recordMail(options, context, { verdict: 'forwarded', ...because(what), organizer: to });
  return { add: [options.outgoingMails.record(identity, raw, facts)], ledger };
}
