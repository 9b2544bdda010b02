// An interpreted mail in, what `imip-gateway inspect FILE` prints out: one fact a line, a paragraph per item. All values
// come from strangers: control characters are shown as spaces, long ones cut.
import type { CalendarTime } from '../../core/ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ClaimedProposal } from '../../core/itip/types.ts';
import type { Bounce, Incoming, IncomingItem, MailAddress } from '../../core/message/types.ts';

type Line = readonly [label: string, value: string | null];

/** Text with LF line ends, the last one included. */
export function describeMail({ mail, items, source, forwarded }: Incoming): string {
  const head: Line[] = [
    ['From', mail.from.map(writeAddress).join(', ') || 'nobody'],
    ['From fields', mail.fromFields === 1 ? null : String(mail.fromFields)],
    ['Sender', mail.sender === null ? null : writeAddress(mail.sender)],
    ['Reply-To', mail.replyTo.map(writeAddress).join(', ') || null],
    ['To', mail.to.map(writeAddress).join(', ') || null],
    ['Subject', mail.subject || null],
    ['Date', mail.date === null ? 'missing or unreadable' : writeInstant(mail.date)],
    ['Message-ID', mail.messageId],
    ['Calendar', source ?? 'none'],
    ['Forwarded', forwarded ? 'yes: an answer in an attached message never counts by itself' : null],
  ];
  return [head, ...items.map(describeItem)].map(writeLines).join('\n');
}

function describeItem(item: IncomingItem): Line[] {
  switch (item.kind) {
    case 'answer':
      return describeAnswer(item);
    case 'proposal':
      return describeProposal(item);
    case 'refresh':
      return [['Item', 'refresh (the attendee asks for the event again)'], ...describeClaim(item)];
    case 'bounce':
      return describeBounce(item);
    case 'automatic-reply':
      return [['Item', 'automatic reply: recorded, not forwarded']];
    case 'abuse-report':
      return [['Item', 'abuse report: recorded']];
    case 'letter':
      return [['Item', 'letter: no answer in it, forwarded to the organizer']];
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
    ['PARTSTAT', answer.partstat],
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
    ['RECURRENCE-ID', occurrence.recurrenceId ?? 'none: the event itself'],
    ['ATTENDEE', attendee?.asWritten ?? 'not named'],
    ['ORGANIZER', organizer?.asWritten ?? 'not named'],
    ['DTSTAMP', stampedAt === null ? 'missing or unreadable' : writeInstant(stampedAt)],
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

function writeAddress({ name, address }: MailAddress): string {
  return name === '' ? address : `${name} <${address}>`;
}

function writeInstant(instant: number): string {
  return Math.abs(instant) < 8.64e15 ? new Date(instant).toISOString().replace('.000Z', 'Z') : String(instant);
}

function writeLines(lines: readonly Line[]): string {
  return lines
    .filter((line): line is [string, string] => line[1] !== null)
    .map(([label, value]) => `${`${label}:`.padEnd(15)}${clean(value)}\n`)
    .join('');
}

function clean(value: string): string {
  const oneLine = value.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return oneLine.length > 400 ? `${oneLine.slice(0, 400)}…` : oneLine;
}
