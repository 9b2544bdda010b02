// In: what one recipient is to be told about one event. Out: the mail: text and HTML in the recipient's language, and the
// calendar as mailed. Everything that comes from the calendar is cleaned before it reaches a header and escaped where it
// reaches HTML. Refuses a calendar without an event.
import type { CalendarAddress } from '../ical/types.ts';
import { readComment, readEventView } from './event-view.ts';
import { describeStart, type Reader } from './format-time.ts';
import { mailedCopy, methodToMail } from './mailed-copy.ts';
import { displayName, plainLine } from './plain-text.ts';
import { showChanges } from './show-changes.ts';
import { showEvent, showText, showTitle } from './show-event.ts';
import type { ComposedMail, EventView, Guest, InvitationMail, Templates } from './types.ts';
import { type Mailbox, writeMail } from './write-mail.ts';

/** RFC 5322 §2.1.1 allows more; no mail program shows it. */
const SUBJECT_LIMIT = 200;

interface Telling {
  readonly mail: InvitationMail;
  readonly event: EventView;
  readonly reader: Reader;
  readonly templates: Templates;
  readonly method: string;
}

/** Blank lines that a template leaves where it had nothing to say. */
export function tidyText(text: string): string {
  return `${text
    // `-- ` begins a signature, and its space is part of it.
    .replace(/(?<!^--)[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

export function subjectLine(text: string): string {
  return plainLine(text, SUBJECT_LIMIT);
}

/** Who speaks: the organizer, or for a REPLY the guest. Null: the calendar names nobody by a name of their own. */
function senderName({ mail, event, method }: Telling): string | null {
  if (['REQUEST', 'CANCEL', 'DECLINECOUNTER'].includes(method)) {
    const name = event.organizer === null ? null : displayName(event.organizer.name, event.organizer.address);
    return name === null || name === '' ? null : name;
  }
  const guest = answeringGuest(mail, event);
  return displayName(guest?.name ?? null, guest?.address ?? mail.sender.asWritten);
}

/** The guest who sends this REPLY. */
function answeringGuest({ sender }: InvitationMail, { guests }: EventView): Guest | undefined {
  return guests.find(({ key }) => key === sender.key) ?? guests[0];
}

/** Which words: `invitation`, `updateOne`, `cancelAnonymous`, … */
function introKey({ mail, event }: Telling, name: string | null): string {
  const one = event.recurrenceId === null || mail.kind === 'decline' ? '' : 'One';
  const anonymous = name === null ? 'Anonymous' : '';
  if (one === '' && isForRecipientOnly(mail)) return `removed${anonymous}`;
  return `${mail.kind}${anonymous || one}`;
}

/**
 * RFC 5546 §3.2.5: a CANCEL without STATUS:CANCELLED takes the recipient off the list. SabreDAV never writes STATUS, so
 * that the words for it must fit both.
 */
function isForRecipientOnly({ kind, calendar }: InvitationMail): boolean {
  return kind === 'cancel' && !/^STATUS:CANCELLED\s*$/im.test(calendar);
}

function replyIntro(telling: Telling, name: string): string {
  const { templates, reader, method } = telling;
  const say = (key: string, values: Record<string, string>): string =>
    templates.message(reader.language, `mail.intro.${key}`, values);
  if (method === 'REPLY') return say('reply', { name, answer: answerOf(telling) });
  return say(method === 'COUNTER' ? 'counter' : 'message', { name });
}

function answerOf({ mail, event }: Telling): string {
  return answeringGuest(mail, event)?.partstat ?? 'NEEDS-ACTION';
}

function introOf(telling: Telling, name: string | null): string {
  const { mail, templates, reader } = telling;
  if (mail.kind === 'reply') return replyIntro(telling, name ?? mail.sender.asWritten);
  const key = introKey(telling, name);
  return templates.message(reader.language, `mail.intro.${key}`, { organizer: name ?? '' });
}

function subjectOf(telling: Telling): string {
  const { mail, event, templates, reader, method } = telling;
  const title = showTitle(event, reader, templates);
  const key = mail.kind !== 'reply' || method === 'REPLY' ? mail.kind : method === 'COUNTER' ? 'counter' : 'message';
  const subject = templates.message(reader.language, `mail.subject.${key}`, { title, answer: answerOf(telling) });
  const when = describeStart(event.start, reader);
  // A long title must not push out when it is.
  const short = subjectLine(subject).slice(0, SUBJECT_LIMIT - 40);
  return when === ''
    ? subjectLine(subject)
    : templates.message(reader.language, 'mail.subject.dated', { subject: short, when });
}

function changesOf({ mail, event, reader, templates }: Telling): ReturnType<typeof showChanges> {
  if (mail.kind !== 'update' || mail.previousCalendar === null) return [];
  return showChanges(mail.previousCalendar, mail.calendar, event, mail.guestList, reader, templates);
}

function bodyKey({ mail, event }: Telling): string | null {
  if (mail.kind === 'update') return 'askAgain';
  if (mail.kind === 'invitation') return 'ask';
  if (mail.kind === 'decline') return 'decline';
  if (mail.kind === 'reply') return null;
  return event.recurrenceId !== null ? 'cancelOne' : isForRecipientOnly(mail) ? 'removed' : 'cancel';
}

function templateData(telling: Telling): Readonly<Record<string, unknown>> {
  const { mail, event, templates, reader } = telling;
  const name = senderName(telling);
  const body = bodyKey(telling);
  const comment = showText(readComment(mail.calendar));
  return {
    kind: mail.kind,
    intro: introOf(telling, name),
    body: body === null ? null : templates.message(reader.language, `mail.body.${body}`),
    event: showEvent(mail.guestList || mail.kind === 'reply' ? event : { ...event, guests: [] }, reader, templates),
    comment,
    changes: changesOf(telling),
    links: mail.links,
    itip: mail.itip,
    sender: name,
    recipient: plainLine(mail.recipient.asWritten, 320),
  };
}

function senderBox(telling: Telling): Mailbox {
  const { mail, templates, reader } = telling;
  const name = senderName(telling);
  if (name === null) return { name: '', address: mail.from };
  // An address as a display name, of another domain than the mail's, is what phishing looks like: filters count it.
  return {
    name: templates.message(reader.language, 'mail.sender', { name: name.replaceAll('@', ' at ') }),
    address: mail.from,
  };
}

function mailbox(address: CalendarAddress, name: string | null): Mailbox {
  return { name: name === null || name === address.asWritten ? '' : name, address: address.asWritten };
}

/**
 * The MIME tree of one mail about an event: `mixed{ alternative{ plain, html, text/calendar }, invite.ics }`.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function composeInvitation(mail: InvitationMail, templates: Templates): ComposedMail {
  const reader: Reader = { language: mail.language, timezone: mail.timezone };
  const method = methodToMail(mail.calendar, mail.kind);
  const event = readEventView(mail.calendar, null, mail.recipient);
  const telling: Telling = { mail, event, reader, templates, method };
  const data = templateData(telling);
  const subject = subjectOf(telling);
  const guest = event.guests.find(({ key }) => key === mail.recipient.key);
  const raw = writeMail({
    from: senderBox(telling),
    to: mailbox(mail.recipient, guest === undefined ? null : displayName(guest.name, guest.address)),
    replyTo: mailbox(mail.sender, senderName(telling)),
    subject,
    messageId: mail.messageId,
    references: mail.references,
    date: mail.date,
    text: tidyText(templates.render(`mail/${mail.kind}.txt`, mail.language, data)),
    html: templates.render(`mail/${mail.kind}.html`, mail.language, { ...data, subject }),
    calendar: { text: mailedCopy(mail), method: mail.itip ? method : null },
  });
  return { subject, raw };
}
