// Composes a notice to an organizer. In: answers, held answers, proposals, undelivered mails and other notices; out: one mail
// with all of them and the number of answers so far. Text from guests is cleaned and escaped. It refuses nothing: if the
// event is unknown or cannot be parsed, the mail omits its details.
import { nullIfUnparseable } from '../ical/event-document.ts';
import type { AsOf } from '../ical/next-occurrence.ts';
import { readTime } from '../ical/time-zones.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { holdText } from '../reasons.ts';
import { datedSubject, subjectLine, tidyText } from './compose-invitation.ts';
import { readEventView } from './event-view.ts';
import { dateFormatter, describeStart, describeWhen, type Reader } from './format-time.ts';
import { plainLine, plainLines } from './plain-text.ts';
import { type Piece } from './safe-link.ts';
import { answerKey, nameIn, showEvent, showText, showTitle } from './show-event.ts';
import type { ComposedMail, EventView, HeldNotice, NoticeKind, NoticeMail, Templates, WriteRefusal } from './types.ts';
import { writeMail } from './write-mail.ts';

interface Row {
  readonly label: string;
  readonly text: string;
}

/** One notice, ready for the template. */
interface ShownNotice {
  readonly kind: string;
  /** Selects the colour: a PARTSTAT, `held`, `proposal` or `delegation`. */
  readonly tone: string;
  readonly headline: string;
  readonly lines: readonly string[];
  readonly rows: readonly Row[];
  readonly comment: readonly (readonly Piece[])[] | null;
  readonly link: { readonly href: string; readonly label: string } | null;
  readonly hint: string | null;
}

interface NoticeContext {
  readonly event: EventView | null;
  readonly asOf: AsOf;
  readonly reader: Reader;
  readonly templates: Templates;
  readonly calendar: string | null;
}

type MessageFunction = (key: string, values?: Readonly<Record<string, string | number>>) => string;

function messagesFor({ event, reader, templates }: NoticeContext): MessageFunction {
  const item = event?.item ?? 'event';
  return (key, values) => templates.message(reader.language, `mail.${key}`, { item, ...values });
}

/** Returns the name that the guest list has for this address, or the address. */
function nameOf(address: CalendarAddress, { event }: NoticeContext): string {
  return nameIn(event?.guests ?? [], address);
}

function viewOf(calendar: string | null, recurrenceId: string | null, asOf: AsOf): EventView | null {
  return calendar === null ? null : nullIfUnparseable(() => readEventView(calendar, recurrenceId, null, asOf));
}

/** Returns the time of one occurrence in words. If the event is unknown, it is the time of the RECURRENCE-ID. */
function whenOf(recurrenceId: string, { calendar, asOf, reader, templates }: NoticeContext): string {
  const start = viewOf(calendar, recurrenceId, asOf)?.start ?? readTime(recurrenceId, {}, []);
  return describeWhen(start, null, reader, templates)[0] ?? '';
}

function showAnswer(notice: Extract<NoticeKind, { kind: 'answer' }>, context: NoticeContext): ShownNotice {
  const message = messagesFor(context);
  const values = { answer: answerKey(notice.partstat), name: nameOf(notice.attendee, context) };
  const headline =
    notice.recurrenceId === null
      ? message('notice.answer', values)
      : message('notice.answerOne', { ...values, when: whenOf(notice.recurrenceId, context) });
  const comment = notice.comment === null ? null : showText(notice.comment);
  return { kind: 'answer', tone: notice.partstat, headline, lines: [], rows: [], comment, link: null, hint: null };
}

function showHeld(notice: HeldNotice, context: NoticeContext): ShownNotice {
  const message = messagesFor(context);
  const sender = plainLine(notice.sender, 320);
  const from =
    notice.attendee === null
      ? message('notice.heldFromUnknown', { sender })
      : message('notice.heldFrom', { sender, name: nameOf(notice.attendee, context) });
  const answer = notice.partstat === null ? [] : [message('notice.heldAnswer', { answer: answerKey(notice.partstat) })];
  return {
    kind: 'held',
    tone: 'held',
    headline: message('notice.held'),
    lines: [[from, ...answer].join(' '), message(`held.${notice.reason === null ? 'other' : holdText(notice.reason)}`)],
    rows: [],
    comment: notice.comment === null ? null : showText(notice.comment),
    link: notice.decisionLink === null ? null : { href: notice.decisionLink, label: message('notice.decide') },
    hint: message('notice.decideHint'),
  };
}

/** Returns the number of held answers, then each one without its comment, which the decision page shows. */
function showWaiting(
  { count, items }: Extract<NoticeKind, { kind: 'waiting' }>,
  context: NoticeContext,
): ShownNotice[] {
  const message = messagesFor(context);
  const more = count > items.length ? [message('notice.waitingMore', { shown: items.length })] : [];
  const summary: ShownNotice = {
    kind: 'waiting',
    tone: 'held',
    headline: message('notice.waiting', { count }),
    lines: [message('notice.waitingText'), ...more],
    rows: [],
    comment: null,
    link: null,
    hint: message('notice.decideHint'),
  };
  return [summary, ...items.map((item) => showWaitingItem(item, context))];
}

function showWaitingItem(
  item: Extract<NoticeKind, { kind: 'waiting' }>['items'][number],
  { asOf, reader, templates }: NoticeContext,
): ShownNotice {
  const event = viewOf(item.calendar, item.recurrenceId, asOf);
  const own: NoticeContext = { event, asOf, reader, templates, calendar: item.calendar };
  const shown = showHeld({ ...item, comment: null }, own);
  const [headline = shown.headline, ...lines] = shown.lines;
  const rows = event === null ? [] : rowsOf(event, own);
  return { ...shown, headline, lines, rows, hint: null };
}

function rowsOf(event: EventView, context: NoticeContext): Row[] {
  const { reader, templates } = context;
  const message = messagesFor(context);
  const title = { label: message('label.title'), text: showTitle(event, reader, templates) };
  if (event.recurrence === null && event.recurrenceId === null) return [title];
  return [
    title,
    { label: message('label.when'), text: describeWhen(event.start, event.end, reader, templates).join(' / ') },
  ];
}

function showProposal(notice: Extract<NoticeKind, { kind: 'proposal' }>, context: NoticeContext): ShownNotice {
  const message = messagesFor(context);
  const { asOf, reader, templates, calendar } = context;
  const { proposal, attendee, declineLink } = notice;
  const planned = viewOf(calendar, proposal.occurrence.recurrenceId, asOf);
  const rows = [
    {
      label: message('label.proposed'),
      text: describeWhen(proposal.start, proposal.end, reader, templates).join(' / '),
    },
    ...(planned === null
      ? []
      : [
          {
            label: message('label.planned'),
            text: describeWhen(planned.start, planned.end, reader, templates).join(' / '),
          },
        ]),
  ];
  return {
    kind: 'proposal',
    tone: 'proposal',
    headline: message('notice.proposal', { name: nameOf(attendee, context) }),
    lines: [],
    rows,
    comment: proposal.comment === null ? null : showText(proposal.comment),
    link: declineLink === null ? null : { href: declineLink, label: message('notice.declineProposal') },
    hint: message('notice.proposalHint'),
  };
}

function showDelegation(notice: Extract<NoticeKind, { kind: 'delegation' }>, context: NoticeContext): ShownNotice {
  const message = messagesFor(context);
  const { attendee, delegate, recurrenceId, decisionLink } = notice;
  const values = { name: nameOf(attendee, context), delegate: plainLine(delegate.asWritten, 320) };
  return {
    kind: 'delegation',
    tone: 'delegation',
    headline: message('notice.delegation', values),
    lines: [],
    rows: recurrenceId === null ? [] : [{ label: message('label.when'), text: whenOf(recurrenceId, context) }],
    comment: null,
    link: { href: decisionLink, label: message('notice.decide') },
    hint: message('notice.delegationHint', values),
  };
}

const QUOTA_END: Intl.DateTimeFormatOptions = {
  weekday: 'long',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
};

function showQuota({ per, limit, until }: Extract<NoticeKind, { kind: 'quota' }>, context: NoticeContext): ShownNotice {
  const message = messagesFor(context);
  const { language, timezone } = context.reader;
  const time = dateFormatter(language, QUOTA_END, timezone).format(until);
  return {
    kind: 'quota',
    tone: 'held',
    headline: message('notice.quota'),
    lines: [message('notice.quotaText', { per, limit, time })],
    rows: [],
    comment: null,
    link: null,
    hint: message('notice.quotaHint'),
  };
}

function showUndeliverable(
  notice: Extract<NoticeKind, { kind: 'undeliverable' }>,
  context: NoticeContext,
): ShownNotice {
  const message = messagesFor(context);
  const name = nameOf(notice.attendee, context);
  const address = plainLine(notice.attendee.asWritten, 320);
  const diagnostic = plainLine(plainLines(notice.diagnostic, 500), 500);
  return {
    kind: 'undeliverable',
    tone: 'held',
    headline: message('notice.undeliverable', { name: name === address ? name : `${name} (${address})` }),
    lines: [],
    rows: diagnostic === '' ? [] : [{ label: message('label.reason'), text: diagnostic }],
    comment: null,
    link: null,
    hint: message('notice.undeliverableHint'),
  };
}

function showNotEntered(
  { attendee, reason }: Extract<NoticeKind, { kind: 'not-entered' }>,
  context: NoticeContext,
): ShownNotice {
  const message = messagesFor(context);
  const text = holdText(reason);
  return {
    kind: 'not-entered',
    tone: 'held',
    headline: message('notice.notEntered', { name: nameOf(attendee, context) }),
    lines: text === null ? [] : [message(`held.${text}`)],
    rows: [],
    comment: null,
    link: null,
    hint: message('notice.notEnteredHint'),
  };
}

const refusalTexts: Readonly<Record<WriteRefusal, string>> = {
  'no-strong-etag': 'noStrongEtag',
  'not-allowed': 'notAllowed',
  conflict: 'conflict',
  'too-large': 'tooLarge',
  'no-space': 'noSpace',
};

function showNotWritten(
  { reason, count }: Extract<NoticeKind, { kind: 'not-written' }>,
  context: NoticeContext,
): ShownNotice {
  const message = messagesFor(context);
  return {
    kind: 'not-written',
    tone: 'held',
    headline: message('notice.notWritten', { count }),
    lines: [message(`notice.refusal.${refusalTexts[reason]}`)],
    rows: [],
    comment: null,
    link: null,
    hint: message('notice.notWrittenHint'),
  };
}

function showNotice(notice: NoticeKind, context: NoticeContext): readonly ShownNotice[] {
  switch (notice.kind) {
    case 'answer':
      return [showAnswer(notice, context)];
    case 'held':
      return [showHeld(notice, context)];
    case 'waiting':
      return showWaiting(notice, context);
    case 'proposal':
      return [showProposal(notice, context)];
    case 'delegation':
      return [showDelegation(notice, context)];
    case 'not-entered':
      return [showNotEntered(notice, context)];
    case 'not-written':
      return [showNotWritten(notice, context)];
    case 'quota':
      return [showQuota(notice, context)];
    default:
      return [showUndeliverable(notice, context)];
  }
}

const subjectKeys: Readonly<Record<string, string>> = {
  'not-entered': 'notEntered',
  'not-written': 'notWritten',
};

/** Returns the occurrence that all notices are about, null if they are about the series or several occurrences. */
function occurrenceOf(notices: readonly NoticeKind[]): string | null {
  const [only, ...others] = new Set(notices.map(recurrenceIdOf));
  return only === undefined || others.length > 0 ? null : only;
}

function recurrenceIdOf(notice: NoticeKind): string | null {
  if (notice.kind === 'proposal') return notice.proposal.occurrence.recurrenceId;
  return 'recurrenceId' in notice ? notice.recurrenceId : null;
}

function subjectOf(notices: readonly NoticeKind[], context: NoticeContext): string {
  const subject = undatedSubject(notices, context);
  const { event, reader, templates } = context;
  const when = event === null || event.recurrenceId === null ? '' : describeStart(event.start, reader);
  return when === '' ? subject : datedSubject(subject, when, reader, templates);
}

function undatedSubject(notices: readonly NoticeKind[], context: NoticeContext): string {
  const message = messagesFor(context);
  const title = showTitle(context.event, context.reader, context.templates);
  const [only] = notices;
  if (only === undefined || notices.length > 1) return message('subject.digest', { count: notices.length, title });
  if (only.kind === 'waiting') return message('subject.waiting', { count: only.count });
  const name = only.attendee === null ? '' : nameOf(only.attendee, context);
  const answer = only.kind === 'answer' ? answerKey(only.partstat) : '';
  return message(`subject.${subjectKeys[only.kind] ?? only.kind}`, { name, answer, title });
}

/** Returns one mail to the organizer. Several notices become a digest, in the given order. */
export function composeNotice(mail: NoticeMail, templates: Templates): ComposedMail {
  const reader: Reader = { language: mail.language, timezone: mail.timezone };
  const asOf: AsOf = { now: mail.date, timezone: mail.timezone };
  const event = viewOf(mail.calendar, occurrenceOf(mail.notices), asOf);
  const context: NoticeContext = { event, asOf, reader, templates, calendar: mail.calendar };
  const subject = subjectLine(subjectOf(mail.notices, context));
  const notices = mail.notices.flatMap((notice) => showNotice(notice, context));
  const data = {
    notices,
    subject,
    event: event === null ? null : showEvent(event, reader, templates),
    recorded: mail.notices.some(({ kind }) => kind === 'answer'),
  };
  const name = templates.message(mail.language, 'mail.gateway');
  const raw = writeMail({
    from: { name, address: mail.from },
    to: { name: '', address: mail.organizer.asWritten },
    replyTo: null,
    subject,
    messageId: mail.messageId,
    references: mail.references,
    date: mail.date,
    text: tidyText(templates.render('mail/notice.txt', mail.language, data)),
    html: templates.render('mail/notice.html', mail.language, data),
    calendar: null,
  });
  return { subject, raw };
}
