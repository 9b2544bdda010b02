// In: a mail to a signed bounce address; out: for a failure, an `undeliverable` record for the owner's copy, which
// marks the attendee and notifies the owner; for any other mail, a ledger entry.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import type { Bounce } from '../../core/message/types.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import { because } from '../../core/reasons.ts';
import { mark } from '../queue/plan.ts';
import { recordTask } from '../records/records.ts';
import { type InterpretOptions, type MailContext, type Outcome, recordMail } from './mail-context.ts';

export async function onBounce(options: InterpretOptions, mailId: string, context: MailContext): Promise<Outcome> {
  const { items } = context.incoming;
  const bounces = items.filter((item): item is Bounce => item.kind === 'bounce');
  const failed = bounces.find(({ action }) => action === 'failed');
  if (failed === undefined) {
    const what = bounces[0]?.action ?? items[0]?.kind ?? 'unknown';
    const why = what === 'delayed' ? because('delayed') : because('not-a-failure', { what });
    return recordMail(options, context, { verdict: 'recorded', ...why });
  }
  const mailing = await options.ledger.mailing(mailId);
  const diagnostic =
    redactSignatures([failed.status, failed.diagnostic].filter(Boolean).join(' ')) || 'no reason was given';
  const recipient = mailing === null ? null : calendarAddress(mailing.recipientKey);
  const owner = mailing === null ? null : calendarAddress(mailing.ownerKey);
  if (mailing === null || recipient === null || owner === null) {
    const why = because('undeliverable', { who: null, diagnostic });
    return recordMail(options, context, { verdict: 'bounced', ...why });
  }
  const at = options.now();
  const { method, uid } = mailing;
  // Report the failure of a mail only once: the recipient knows the bounce address and could send many reports.
  const name = `bounce:${mailId}`;
  if (await options.ledger.marked(name)) {
    const [organizer, attendee] = isFromAttendee(method) ? [recipient, owner] : [owner, recipient];
    const why = because('reported-before');
    return recordMail(options, context, { verdict: 'ignored', ...why, organizer, attendee });
  }
  const { origin } = context;
  const failure = { kind: 'undeliverable', origin, owner, recipient, uid, method, diagnostic } as const;
  return { add: [recordTask(failure, { id: options.makeId(at), createdAt: at })], ledger: [mark(name, at)] };
}
