// In: a mail to a signed bounce address. Out: its effects, which depend on the content of the mail.
// - A failure: an `undeliverable` record for the owner's copy, which marks the recipient and notifies the owner.
// - A failure of a notice or a forwarded letter: a ledger entry, because the owner cannot be notified by mail.
// - The null sender and no clear delivery status: the mail is forwarded to the owner once.
// - Anything else: a ledger entry.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import type { Bounce, IncomingItem } from '../../core/message/types.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import { because } from '../../core/reasons.ts';
import type { LedgerEntry } from '../ports/spool.ts';
import { mark } from '../queue/plan.ts';
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
  // Do not forward the bounce of a notice to its recipient, because the forwarded mail would bounce as well.
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
  // Report the failure of a mail only once: the recipient has the bounce address and could send many reports.
  const name = `bounce:${mailId}`;
  const isKnown = await options.ledger.marked(name);
  if (mailing === null || recipient === null || owner === null) {
    return recordLostNotice(options, context, { mailId, diagnostic, name, isKnown });
  }
  const at = options.now();
  const { method, uid } = mailing;
  if (isKnown) {
    const [organizer, attendee] = isFromAttendee(method) ? [recipient, owner] : [owner, recipient];
    const why = because('reported-before');
    return recordMail(options, context, { verdict: 'ignored', ...why, organizer, attendee });
  }
  const { origin } = context;
  const body = { kind: 'undeliverable', origin, owner, recipient, uid, method, diagnostic } as const;
  return { add: [{ body }], ledger: [mark(name, at)] };
}

interface Lost {
  readonly mailId: string;
  readonly diagnostic: string;
  readonly name: string;
  readonly isKnown: boolean;
}

/** Notices and forwarded letters are not in the mailings; their owner is in the ledger entry of the submission. */
async function recordLostNotice(
  options: InterpretOptions,
  context: MailContext,
  { mailId, diagnostic, name, isKnown }: Lost,
): Promise<Outcome> {
  const sent = (await options.ledger.entries(mailId, MAX_ENTRIES)).find(
    (entry) => entry.taskId === mailId && entry.verdict === 'mailed',
  );
  const subject = { organizer: calendarAddress(sent?.organizer ?? ''), uid: sent?.uid ?? null };
  if (isKnown) return recordMail(options, context, { verdict: 'ignored', ...because('reported-before'), ...subject });
  const why =
    sent !== undefined && isToOwner(sent)
      ? because('organizer-not-told', { diagnostic })
      : because('undeliverable', { who: null, diagnostic });
  const { ledger = [] } = recordMail(options, context, { verdict: 'bounced', ...why, ...subject });
  return { ledger: [mark(name, options.now()), ...ledger] };
}

/** One mail has few entries. */
const MAX_ENTRIES = 20;

function isToOwner({ reason }: LedgerEntry): boolean {
  return reason === 'notice' || reason === 'forward';
}
