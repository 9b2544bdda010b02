// In: what there is to tell an organizer: answers, answers that wait for a decision, proposals, mails that did not arrive.
// Out: one mail for all of it, with the counts so far. What guests wrote is cleaned and escaped like everything from
// outside. Refuses nothing: where the event is unknown or unreadable, it says what it has.
import { GatewayError } from '../errors.ts';
import { readTime } from '../ical/time-zones.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { holdText } from '../reasons.ts';
import { subjectLine, tidyText } from './compose-invitation.ts';
import { readEventView } from './event-view.ts';
import { dateFormatter, describeWhen, type Reader } from './format-time.ts';
import { plainLine, plainLines } from './plain-text.ts';
import { type Piece } from './safe-link.ts';
import { nameIn, showEvent, showText, showTitle } from './show-event.ts';
import type { ComposedMail, EventView, HeldNotice, NoticeKind, NoticeMail, Templates } from './types.ts';
import { writeMail } from './write-mail.ts';

interface Row {
  readonly label: string;
  readonly text: string;
}

/** One piece of news, ready for the template. */
interface ShownNotice {
  /** `answer`, `held`, … and for an answer which, for its colour. */
  readonly kind: string;
  readonly tone: string;
  readonly headline: string;
  readonly lines: readonly string[];
  readonly rows: readonly Row[];
  readonly comment: readonly (readonly Piece[])[] | null;
  readonly link: { readonly href: string; readonly label: string } | null;
  readonly hint: string | null;
}

interface Telling {
  readonly event: EventView | null;
  readonly reader: Reader;
  readonly templates: Templates;
  readonly calendar: string | null;
}

type Say = (key: string, values?: Readonly<Record<string, string | number>>) => string;

function sayIn({ reader, templates }: Telling): Say {
  return (key, values) => templates.message(reader.language, `mail.${key}`, values);
}

/** The name the guest list has for that address. */
function nameOf(address: CalendarAddress, { event }: Telling): string {
  return nameIn(event?.guests ?? [], address);
}

function viewOf(calendar: string | null, recurrenceId: string | null): EventView | null {
  if (calendar === null) return null;
  try {
    return readEventView(calendar, recurrenceId, null);
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

/** When one occurrence is, in words; the date itself where the event is unknown. */
function whenOf(recurrenceId: string, { calendar, reader, templates }: Telling): string {
  const start = viewOf(calendar, recurrenceId)?.start ?? readTime(recurrenceId, {}, []);
  return describeWhen(start, null, reader, templates)[0] ?? '';
}

function showAnswer(notice: Extract<NoticeKind, { kind: 'answer' }>, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const values = { answer: notice.partstat, name: nameOf(notice.attendee, telling) };
  const headline =
    notice.recurrenceId === null
      ? say('notice.answer', values)
      : say('notice.answerOne', { ...values, when: whenOf(notice.recurrenceId, telling) });
  const comment = notice.comment === null ? null : showText(notice.comment);
  return { kind: 'answer', tone: notice.partstat, headline, lines: [], rows: [], comment, link: null, hint: null };
}

function showHeld(notice: HeldNotice, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const sender = plainLine(notice.sender, 320);
  const from =
    notice.attendee === null
      ? say('notice.heldFromUnknown', { sender })
      : say('notice.heldFrom', { sender, name: nameOf(notice.attendee, telling) });
  const answer = notice.partstat === null ? [] : [say('notice.heldAnswer', { answer: notice.partstat })];
  return {
    kind: 'held',
    tone: 'held',
    headline: say('notice.held'),
    lines: [[from, ...answer].join(' '), say(`held.${holdText(notice.reason) ?? 'other'}`)],
    rows: [],
    comment: notice.comment === null ? null : showText(notice.comment),
    link: notice.decisionLink === null ? null : { href: notice.decisionLink, label: say('notice.decide') },
    hint: say('notice.decideHint'),
  };
}

/** How many, then each in short: the page behind its link has the comment. */
function showWaiting({ count, items }: Extract<NoticeKind, { kind: 'waiting' }>, telling: Telling): ShownNotice[] {
  const say = sayIn(telling);
  const more = count > items.length ? [say('notice.waitingMore', { shown: items.length })] : [];
  const summary: ShownNotice = {
    kind: 'waiting',
    tone: 'held',
    headline: say('notice.waiting', { count }),
    lines: [say('notice.waitingText'), ...more],
    rows: [],
    comment: null,
    link: null,
    hint: say('notice.decideHint'),
  };
  return [summary, ...items.map((item) => showWaitingItem(item, telling))];
}

function showWaitingItem(
  item: Extract<NoticeKind, { kind: 'waiting' }>['items'][number],
  { reader, templates }: Telling,
): ShownNotice {
  const event = viewOf(item.calendar, null);
  const own: Telling = { event, reader, templates, calendar: item.calendar };
  const shown = showHeld({ ...item, comment: null }, own);
  const [headline = shown.headline, ...lines] = shown.lines;
  const title = { label: sayIn(own)('label.title'), text: showTitle(event, reader, templates) };
  return { ...shown, headline, lines, rows: event === null ? [] : [title], hint: null };
}

function showProposal(notice: Extract<NoticeKind, { kind: 'proposal' }>, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const { reader, templates, calendar } = telling;
  const { proposal, attendee, declineLink } = notice;
  const planned = viewOf(calendar, proposal.occurrence.recurrenceId);
  const rows = [
    { label: say('label.proposed'), text: describeWhen(proposal.start, proposal.end, reader, templates).join(' / ') },
    ...(planned === null
      ? []
      : [
          {
            label: say('label.planned'),
            text: describeWhen(planned.start, planned.end, reader, templates).join(' / '),
          },
        ]),
  ];
  return {
    kind: 'proposal',
    tone: 'proposal',
    headline: say('notice.proposal', { name: nameOf(attendee, telling) }),
    lines: [],
    rows,
    comment: proposal.comment === null ? null : showText(proposal.comment),
    link: declineLink === null ? null : { href: declineLink, label: say('notice.declineProposal') },
    hint: say('notice.proposalHint'),
  };
}

function showDelegation(notice: Extract<NoticeKind, { kind: 'delegation' }>, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const { attendee, delegate, recurrenceId, decisionLink } = notice;
  const values = { name: nameOf(attendee, telling), delegate: plainLine(delegate.asWritten, 320) };
  return {
    kind: 'delegation',
    tone: 'delegation',
    headline: say('notice.delegation', values),
    lines: [],
    rows: recurrenceId === null ? [] : [{ label: say('label.when'), text: whenOf(recurrenceId, telling) }],
    comment: null,
    link: { href: decisionLink, label: say('notice.decide') },
    hint: say('notice.delegationHint', values),
  };
}

const FROM_THEN_ON: Intl.DateTimeFormatOptions = {
  weekday: 'long',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
};

function showQuota({ per, limit, until }: Extract<NoticeKind, { kind: 'quota' }>, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const { language, timezone } = telling.reader;
  const time = dateFormatter(language, FROM_THEN_ON, timezone).format(until);
  return {
    kind: 'quota',
    tone: 'held',
    headline: say('notice.quota'),
    lines: [say('notice.quotaText', { per, limit, time })],
    rows: [],
    comment: null,
    link: null,
    hint: say('notice.quotaHint'),
  };
}

function showUndeliverable(notice: Extract<NoticeKind, { kind: 'undeliverable' }>, telling: Telling): ShownNotice {
  const say = sayIn(telling);
  const name = nameOf(notice.attendee, telling);
  const address = plainLine(notice.attendee.asWritten, 320);
  const diagnostic = plainLine(plainLines(notice.diagnostic, 500), 500);
  return {
    kind: 'undeliverable',
    tone: 'held',
    headline: say('notice.undeliverable', { name: name === address ? name : `${name} (${address})` }),
    lines: [],
    rows: diagnostic === '' ? [] : [{ label: say('label.reason'), text: diagnostic }],
    comment: null,
    link: null,
    hint: say('notice.undeliverableHint'),
  };
}

function showNotEntered(
  { attendee, reason }: Extract<NoticeKind, { kind: 'not-entered' }>,
  telling: Telling,
): ShownNotice {
  const say = sayIn(telling);
  const text = holdText(reason);
  return {
    kind: 'not-entered',
    tone: 'held',
    headline: say('notice.notEntered', { name: nameOf(attendee, telling) }),
    lines: text === null ? [] : [say(`held.${text}`)],
    rows: [],
    comment: null,
    link: null,
    hint: say('notice.notEnteredHint'),
  };
}

function showNotice(notice: NoticeKind, telling: Telling): readonly ShownNotice[] {
  switch (notice.kind) {
    case 'answer':
      return [showAnswer(notice, telling)];
    case 'held':
      return [showHeld(notice, telling)];
    case 'waiting':
      return showWaiting(notice, telling);
    case 'proposal':
      return [showProposal(notice, telling)];
    case 'delegation':
      return [showDelegation(notice, telling)];
    case 'not-entered':
      return [showNotEntered(notice, telling)];
    case 'quota':
      return [showQuota(notice, telling)];
    default:
      return [showUndeliverable(notice, telling)];
  }
}

const subjectKeys: Readonly<Record<string, string>> = { 'not-entered': 'notEntered' };

function subjectOf(notices: readonly NoticeKind[], telling: Telling): string {
  const say = sayIn(telling);
  const title = showTitle(telling.event, telling.reader, telling.templates);
  const [only] = notices;
  if (only === undefined || notices.length > 1) return say('subject.digest', { count: notices.length, title });
  if (only.kind === 'waiting') return say('subject.waiting', { count: only.count });
  const name = only.attendee === null ? '' : nameOf(only.attendee, telling);
  const answer = only.kind === 'answer' ? only.partstat : '';
  return say(`subject.${subjectKeys[only.kind] ?? only.kind}`, { name, answer, title });
}

/** One mail to the organizer. Several notices are a digest, in the order given. */
export function composeNotice(mail: NoticeMail, templates: Templates): ComposedMail {
  const reader: Reader = { language: mail.language, timezone: mail.timezone };
  const event = viewOf(mail.calendar, null);
  const telling: Telling = { event, reader, templates, calendar: mail.calendar };
  const subject = subjectLine(subjectOf(mail.notices, telling));
  const notices = mail.notices.flatMap((notice) => showNotice(notice, telling));
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
