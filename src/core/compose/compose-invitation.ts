// Composes a mail about one event to one recipient (RFC 6047). In: an InvitationMail; out: the mail, with text and HTML in the
// recipient's language and the mailed copy of the calendar. Text from the calendar is cleaned before it is written into a
// header, and escaped in HTML. It refuses a calendar without an event.
import type { AsOf } from '../ical/next-occurrence.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { isFromAttendee } from '../itip/methods.ts';
import { type MailedEvent, mailedEvent } from './changed-occurrence.ts';
import { readComment, withoutGuests } from './event-view.ts';
import { describeStart, type Reader } from './format-time.ts';
import { mailedCopy, methodToMail } from './mailed-copy.ts';
import { displayName, plainLine } from './plain-text.ts';
import { showChanges } from './show-changes.ts';
import { answerKey, showEvent, showText, showTitle } from './show-event.ts';
import type { ComposedMail, EventView, Guest, InvitationKind, InvitationMail, Templates } from './types.ts';
import { type Mailbox, writeMail } from './write-mail.ts';

/** RFC 5322 §2.1.1 allows longer lines, but mail clients do not show them. */
const MAX_SUBJECT = 200;

/** The template of each kind: `mail/<template>.txt` and `.html`. */
const TEMPLATES: Readonly<Record<InvitationKind, string>> = {
  invitation: 'invitation',
  update: 'update',
  refresh: 'invitation',
  own: 'reply',
  cancel: 'cancel',
  decline: 'decline',
  reply: 'reply',
};

interface MailContext extends MailedEvent {
  readonly mail: InvitationMail;
  readonly asOf: AsOf;
  readonly reader: Reader;
  readonly templates: Templates;
  readonly method: string;
}

/** Removes trailing spaces and the extra blank lines that empty sections of a template leave. */
export function tidyText(text: string): string {
  return `${text
    // `-- ` begins a signature, and the space belongs to it.
    .replace(/(?<!^--)[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

/** Returns a subject of one line with at most 200 characters. */
export function subjectLine(text: string): string {
  return plainLine(text, MAX_SUBJECT);
}

/** Returns the subject with a date. A long subject is shortened to leave room for the date. */
export function datedSubject(subject: string, when: string, reader: Reader, templates: Templates): string {
  const short = plainLine(subject, MAX_SUBJECT - 40);
  return templates.message(reader.language, 'mail.subject.dated', { subject: short, when });
}

/** Returns the name of the organizer or, for a REPLY or COUNTER, of the guest. Null if the calendar has no ORGANIZER. */
function senderName({ mail, event, method }: MailContext): string | null {
  if (!isFromAttendee(method)) {
    const name = event.organizer === null ? null : displayName(event.organizer.name, event.organizer.address);
    return name === null || name === '' ? null : name;
  }
  const guest = answeringGuest(mail, event);
  return displayName(guest?.name ?? null, guest?.address ?? mail.sender.asWritten);
}

/** Returns the guest who sends this REPLY or COUNTER. */
function answeringGuest({ sender }: InvitationMail, { guests }: EventView): Guest | undefined {
  return guests.find(({ key }) => key === sender.key) ?? guests[0];
}

/** Returns the key of the introduction in the catalogue, such as `invitation`, `updateOne` or `cancelAnonymous`. */
function introKey({ mail, isOneDate }: MailContext, name: string | null): string {
  if (mail.kind === 'own') return 'own';
  const one = !isOneDate || mail.kind === 'decline' ? '' : 'One';
  const anonymous = name === null ? 'Anonymous' : '';
  if (one === '' && mayRemoveRecipient(mail)) return `removed${anonymous}`;
  return `${mail.kind}${anonymous || one}`;
}

/**
 * Returns whether a CANCEL may mean only that the recipient is no longer invited: it has no STATUS:CANCELLED (RFC 5546
 * §3.2.5). SabreDAV never writes STATUS, so the text for this case must also fit a cancelled event.
 */
function mayRemoveRecipient({ kind, calendar }: InvitationMail): boolean {
  return kind === 'cancel' && !/^STATUS:CANCELLED\s*$/im.test(calendar);
}

/** Returns the key of the text for a COUNTER, PUBLISH or REFRESH; null if the kind of mail determines the text. */
function messageKey(method: string): 'counter' | 'message' | null {
  if (method === 'COUNTER') return 'counter';
  return method === 'PUBLISH' || method === 'REFRESH' ? 'message' : null;
}

function answerOf({ mail, event }: MailContext): string {
  return answerKey(answeringGuest(mail, event)?.partstat ?? 'NEEDS-ACTION');
}

function introOf(context: MailContext, sender: string | null): string {
  const { mail, templates, reader, method } = context;
  const name = sender ?? mail.sender.asWritten;
  const key = messageKey(method) ?? (mail.kind === 'reply' ? 'reply' : introKey(context, sender));
  return templates.message(reader.language, `mail.intro.${key}`, {
    item: context.event.item,
    name,
    organizer: name,
    answer: answerOf(context),
  });
}

function subjectOf(context: MailContext): string {
  const { mail, event, templates, reader, method } = context;
  const title = showTitle(event, reader, templates);
  const key = messageKey(method) ?? mail.kind;
  const subject = templates.message(reader.language, `mail.subject.${key}`, {
    item: event.item,
    title,
    answer: answerOf(context),
  });
  const when = describeStart(event.start, reader);
  return when === '' ? subjectLine(subject) : datedSubject(subject, when, reader, templates);
}

function changesOf({ mail, event, asOf, reader, templates }: MailContext): ReturnType<typeof showChanges> {
  if (mail.kind !== 'update' || mail.previousCalendar === null) return [];
  return showChanges(mail.previousCalendar, mail.calendar, event, mail.guestList, asOf, reader, templates);
}

function bodyKey({ mail, isOneDate }: MailContext): string | null {
  if (mail.kind === 'update') return 'askAgain';
  if (mail.kind === 'invitation' || mail.kind === 'refresh') return 'ask';
  if (mail.kind === 'decline') return 'decline';
  if (mail.kind === 'reply' || mail.kind === 'own') return null;
  return isOneDate ? 'cancelOne' : mayRemoveRecipient(mail) ? 'removed' : 'cancel';
}

function templateData(context: MailContext): Readonly<Record<string, unknown>> {
  const { mail, event, templates, reader } = context;
  const name = senderName(context);
  const body = bodyKey(context);
  const comment = showText(readComment(mail.calendar));
  return {
    kind: mail.kind,
    intro: introOf(context, name),
    body: body === null ? null : templates.message(reader.language, `mail.body.${body}`, { item: event.item }),
    event: showEvent(mail.guestList || mail.kind === 'reply' ? event : withoutGuests(event), reader, templates),
    comment,
    changes: changesOf(context),
    links: mail.links,
    itip: mail.itip,
    sender: name,
    recipient: plainLine(mail.recipient.asWritten, 320),
  };
}

function senderMailbox(context: MailContext): Mailbox {
  const { mail, templates, reader } = context;
  const name = senderName(context);
  if (name === null) return { name: '', address: mail.from };
  // Spam filters treat a mail as phishing if its display name is an address in another domain.
  return {
    name: templates.message(reader.language, 'mail.sender', { name: name.replaceAll('@', ' at ') }),
    address: mail.from,
  };
}

function mailbox(address: CalendarAddress, name: string | null): Mailbox {
  return { name: name === null || name === address.asWritten ? '' : name, address: address.asWritten };
}

/**
 * Returns a mail with the MIME tree `mixed{ alternative{ plain, html, text/calendar }, invite.ics }`.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function composeInvitation(mail: InvitationMail, templates: Templates): ComposedMail {
  const reader: Reader = { language: mail.language, timezone: mail.timezone };
  const method = methodToMail(mail.calendar, mail.kind);
  const asOf: AsOf = { now: mail.date, timezone: mail.timezone };
  const context: MailContext = { ...mailedEvent(mail, asOf), mail, asOf, reader, templates, method };
  const { event } = context;
  const data = templateData(context);
  const subject = subjectOf(context);
  const guest = event.guests.find(({ key }) => key === mail.recipient.key);
  const template = TEMPLATES[mail.kind];
  const raw = writeMail({
    from: senderMailbox(context),
    to: mailbox(mail.recipient, guest === undefined ? null : displayName(guest.name, guest.address)),
    replyTo: mailbox(mail.sender, senderName(context)),
    subject,
    messageId: mail.messageId,
    references: mail.references,
    date: mail.date,
    text: tidyText(templates.render(`mail/${template}.txt`, mail.language, data)),
    html: templates.render(`mail/${template}.html`, mail.language, { ...data, subject }),
    calendar: { text: mailedCopy(mail), method: mail.itip ? method : null },
  });
  return { subject, raw };
}
