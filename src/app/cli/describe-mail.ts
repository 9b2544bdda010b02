// Formats an interpreted mail for `imip-gateway inspect`. In: the mail; out: a paragraph for the mail and one for each item,
// with one fact per line. Control characters become spaces and long values are cut, because they come from outside.
import { clipText } from '../../core/ical/clip-text.ts';
import type { CalendarTime } from '../../core/ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ClaimedProposal } from '../../core/itip/types.ts';
import type { Bounce, Incoming, IncomingItem, MailAddress } from '../../core/message/types.ts';

type Line = readonly [label: string, value: string | null];

/** Every line ends with LF. */
export function describeMail({ mail, items, source, forwarded }: Incoming): string {
  const head: Line[] = [
    ['From', mail.from.map(formatAddress).join(', ') || 'nobody'],
    ['From fields', mail.fromFields === 1 ? null : String(mail.fromFields)],
    ['Sender', mail.sender === null ? null : formatAddress(mail.sender)],
    ['Reply-To', mail.replyTo.map(formatAddress).join(', ') || null],
    ['To', mail.to.map(formatAddress).join(', ') || null],
    ['Subject', mail.subject || null],
    ['Date', mail.date === null ? 'missing or unreadable' : formatInstant(mail.date)],
    ['Message-ID', mail.messageId],
    ['Calendar', source ?? 'none'],
    ['Forwarded', forwarded ? 'yes: an answer in an attached message counts only if the organizer confirms it' : null],
  ];
  return [head, ...items.map(describeItem)].map(formatLines).join('\n');
}

function describeItem(item: IncomingItem): Line[] {
  switch (item.kind) {
    case 'answer':
      return describeAnswer(item);
    case 'proposal':
      return describeProposal(item);
    case 'refresh':
      return [['Item', 'refresh: a request for the current event'], ...describeClaim(item)];
    case 'bounce':
      return describeBounce(item);
    case 'automatic-reply':
      return [['Item', 'automatic reply: recorded, not forwarded']];
    case 'abuse-report':
      return [['Item', 'abuse report: recorded']];
    case 'letter':
      return [['Item', 'letter: contains no answer, forwarded to the organizer']];
    default:
      return [
        ['Item', `unusable (${item.reason})`],
        ['Why', item.detail],
      ];
  }
}

function describeAnswer(answer: ClaimedAnswer): Line[] {
  return [
    ['Item', answer.component === 'VEVENT' ? 'answer' : `answer to a ${answer.component}`],
    ...describeClaim(answer),
    ['PARTSTAT', answer.partstat ?? 'cannot be read'],
    ['Range', answer.range],
    ['Delegated to', answer.delegatedTo.map(({ asWritten }) => asWritten).join(', ') || null],
    ['SEQUENCE', describeSequence(answer.sequence)],
    ['Comment', answer.comment],
  ];
}

function describeProposal(proposal: ClaimedProposal): Line[] {
  return [
    ['Item', 'proposal of another time'],
    ...describeClaim(proposal),
    ['Start', describeTime(proposal.start)],
    ['End', describeTime(proposal.end)],
    ['SEQUENCE', describeSequence(proposal.sequence)],
    ['Comment', proposal.comment],
  ];
}

function describeClaim({ occurrence, attendee, organizer, stampedAt }: ClaimedItem): Line[] {
  return [
    ['UID', occurrence.uid],
    ['RECURRENCE-ID', occurrence.recurrenceId ?? 'none: the whole event'],
    ['ATTENDEE', attendee?.asWritten ?? 'not named'],
    ['ORGANIZER', organizer?.asWritten ?? 'not named'],
    ['DTSTAMP', stampedAt === null ? 'missing or unreadable' : formatInstant(stampedAt)],
  ];
}

function describeBounce(bounce: Bounce): Line[] {
  return [
    ['Item', `delivery report: ${bounce.action}`],
    ['Recipient', bounce.recipient ?? 'not named'],
    ['Status', bounce.status],
    ['Diagnostic', bounce.diagnostic],
    ['Returned', bounce.originalMessageId],
  ];
}

function describeSequence(sequence: number | null): string {
  return sequence === null ? 'missing' : String(sequence);
}

function describeTime(time: CalendarTime | null): string {
  if (time === null) return 'not given';
  return time.zone === null ? time.local : `${time.local} ${time.zone}`;
}

function formatAddress({ name, address }: MailAddress): string {
  return name === '' ? address : `${name} <${address}>`;
}

function formatInstant(instant: number): string {
  return Math.abs(instant) < 8.64e15 ? new Date(instant).toISOString().replace('.000Z', 'Z') : String(instant);
}

function formatLines(lines: readonly Line[]): string {
  return lines
    .filter((line): line is [string, string] => line[1] !== null)
    .map(([label, value]) => `${`${label}:`.padEnd(15)}${clean(value)}\n`)
    .join('');
}

function clean(value: string): string {
  const oneLine = value.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return clipText(oneLine, 400);
}
