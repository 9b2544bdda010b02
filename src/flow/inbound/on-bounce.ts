// In: a mail to a signed bounce address; out: for a failure, an `undeliverable` record for the owner's copy, which marks the
// attendee and notifies the owner. A mail with the null
// sender that does not state what became of ours is forwarded to the owner once. Any other mail is recorded.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import type { Bounce, IncomingItem } from '../../core/message/types.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import { because } from '../../core/reasons.ts';
import { mark } from '../queue/plan.ts';
import { recordTask } from '../records/records.ts';
import { type InterpretOptions, type MailContext, type Outcome, recordMail } from './mail-context.ts';
import { forward } from './on-letter.ts';

export async function onBounce(options: InterpretOptions, mailId: string, context: MailContext): Promise<Outcome> {
  const { items } = context.incoming;
  const failed = items.find((item): item is Bounce => item.kind === 'bounce' && item.action === 'failed');
  if (failed !== undefined) return onFailure(options, mailId, context, failed);
  if (context.mail.envelope.mailFrom === '' && items.every(isUnclear)) return onUnclear(options, mailId, context);
  return recordNoFailure(options, context);
}

function isUnclear(item: IncomingItem): boolean {
  if (item.kind === 'bounce') return item.action === 'unknown';
  return item.kind !== 'automatic-reply' && item.kind !== 'abuse-report';
}

function recordNoFailure(options: InterpretOptions, context: MailContext): Outcome {
  const [item] = context.incoming.items;
  const what = item?.kind === 'bounce' ? item.action : (item?.kind ?? 'unknown');
  const why = what === 'delayed' ? because('delayed') : because('not-a-failure', { what });
  return recordMail(options, context, { verdict: 'recorded', ...why });
}

async function onUnclear(options: InterpretOptions, mailId: string, context: MailContext): Promise<Outcome> {
  const mailing = await options.ledger.mailing(mailId);
  const owner = mailing && calendarAddress(mailing.ownerKey);
  // A notice that did not reach the owner would come back again.
  if (mailing === null || owner === null) return recordNoFailure(options, context);
  const name = `unclear-bounce:${mailId}`;
  if (await options.ledger.marked(name)) {
    const why = because('forwarded-before');
    return recordMail(options, context, { verdict: 'ignored', ...why, organizer: owner });
  }
  const { add = [], ledger = [] } = forward(options, context, owner, 'unclear-bounce');
  return { add, ledger: [mark(name, options.now()), ...ledger] };
}

async function onFailure(
  options: InterpretOptions,
  mailId: string,
  context: MailContext,
  failed: Bounce,
): Promise<Outcome> {
  const mailing = await options.ledger.mailing(mailId);
  const diagnostic =
    redactSignatures([failed.status, failed.diagnostic].filter(Boolean).join(' ')) || 'no reason was given';
  const recipient = mailing && calendarAddress(mailing.recipientKey);
  const owner = mailing && calendarAddress(mailing.ownerKey);
  // Report the failure of a mail only once: the recipient knows the bounce address and could send many reports.
  const name = `bounce:${mailId}`;
  const isKnown = await options.ledger.marked(name);
  if (mailing === null || recipient === null || owner === null) {
    const why = because('undeliverable', { who: null, diagnostic });
    return recordMail(options, context, { verdict: 'bounced', ...why });
  }
  const at = options.now();
  const { method, uid } = mailing;
  if (isKnown) {
    const [organizer, attendee] = isFromAttendee(method) ? [recipient, owner] : [owner, recipient];
    const why = because('reported-before');
    return recordMail(options, context, { verdict: 'ignored', ...why, organizer, attendee });
  }
  const { origin } = context;
  const failure = { kind: 'undeliverable', origin, owner, recipient, uid, method, diagnostic } as const;
  return { add: [recordTask(failure, { id: options.makeId(at), createdAt: at })], ledger: [mark(name, at)] };
}
