// Raw octets of a received mail in, what it is out: answers, proposals, refreshes, bounces, an automatic reply, an abuse
// report, a letter, or why it is unusable. Never throws, whatever the octets; bounded by MailLimits.
import { GatewayError } from '../errors.ts';
import { readMessage } from '../itip/read-message.ts';
import type { ClaimedItem, ItipMessage } from '../itip/types.ts';
import { findCalendars, type FoundCalendar, isTnef } from './find-calendar.ts';
import { MAIL_LIMITS, type MailLimits } from './mail-limits.ts';
import { readComment, writesCommentAsText } from './read-comment.ts';
import { readHead, readMail, type ReadMail } from './read-mail.ts';
import { readMeetingResponse } from './read-meeting-response.ts';
import { isAbuseReport, readDeliveryReport } from './read-report.ts';
import { isAutomatic } from './recognise-automatic.ts';
import { recogniseBounce } from './recognise-bounce.ts';
import { readTnef } from './tnef.ts';
import type { Incoming, IncomingItem, MailFacts, Unusable, UnusableReason } from './types.ts';

type Reading = Pick<Incoming, 'items' | 'forwarded' | 'source'>;

/**
 * Reads a mail. `items` says what it is; `source` where the calendar was found, null where there is none; `forwarded` that
 * it was found only inside an attached message. Nothing is fetched and nobody is believed: that is for later rooms.
 */
export async function interpretMail(
  raw: Uint8Array,
  options: { limits?: Partial<MailLimits> } = {},
): Promise<Incoming> {
  const limits = { ...MAIL_LIMITS, ...options.limits };
  try {
    const mail = readMail(raw, limits);
    const reading = interpret(mail, { limits, forwardsLeft: limits.forwards });
    return { mail: mail.facts, ...reading };
  } catch (error) {
    const mail = readHead(raw, limits);
    return { mail, items: [explainFailure(error)], forwarded: false, source: null };
  }
}

/** Strangers choose the octets: even a fault of ours must not stop the mails behind this one. */
function explainFailure(error: unknown): Unusable {
  if (error instanceof GatewayError) return unusable('too-deep', error.message);
  const name = error instanceof Error ? error.name : 'unknown';
  return unusable('unparseable-mail', `The mail made its reader fail (${name}).`);
}

/** What one mail may cost. `forwardsLeft` counts down over the whole mail, however its messages are nested. */
interface Budget {
  readonly limits: MailLimits;
  forwardsLeft: number;
}

function interpret(mail: ReadMail, budget: Budget): Reading {
  if (!mail.hasHeader) {
    return { items: [unusable('unparseable-mail', 'The mail has no header.')], forwarded: false, source: null };
  }
  const found = readCalendars(mail, budget.limits);
  const calendar = found === null ? null : { ...found, forwarded: false };
  const report = readReport(mail);
  if (report !== null) return { items: report, forwarded: false, source: null };
  if (calendar !== null && calendar.items.some(isClaim)) return calendar;
  const forwarded = calendar === null ? interpretForwarded(mail, budget) : null;
  if (forwarded !== null) return forwarded;
  // Mail by machines may quote the invitation: that is no answer, and no calendar for anybody to look at either.
  const machine = recogniseBounce(mail) ?? (isAutomatic(mail) ? { kind: 'automatic-reply' as const } : null);
  if (machine !== null) return { items: [machine], forwarded: false, source: null };
  return calendar ?? { items: [{ kind: 'letter' }], forwarded: false, source: null };
}

function isClaim(item: IncomingItem): item is ClaimedItem {
  return item.kind === 'answer' || item.kind === 'proposal' || item.kind === 'refresh';
}

function readReport(mail: ReadMail): IncomingItem[] | null {
  if (isAbuseReport(mail)) return [{ kind: 'abuse-report' }];
  return readDeliveryReport(mail);
}

/** An answer that only stands in an attached message. Other calendars in there leave the mail the letter it is. */
function interpretForwarded(mail: ReadMail, budget: Budget): Reading | null {
  for (const part of mail.parts.filter(({ type }) => type === 'message/rfc822' || type === 'message/global')) {
    if (budget.forwardsLeft-- <= 0) return null;
    const inner = readForwarded(part.content(budget.limits.octets), budget);
    if (inner?.items.some(isClaim) === true) {
      return { items: inner.items, forwarded: true, source: `${inner.source}, in an attached message` };
    }
  }
  return null;
}

function readForwarded(raw: Uint8Array, budget: Budget): Reading | null {
  try {
    return interpret(readMail(raw, budget.limits), budget);
  } catch (error) {
    if (error instanceof GatewayError) return null; // beyond the limits: the mail around it is a letter all the same
    throw error;
  }
}

interface ReadCalendar {
  readonly message: ItipMessage | Unusable;
  readonly source: string;
}

/** null where the mail has no calendar at all. winmail.dat is asked only where no calendar answers. */
function readCalendars(mail: ReadMail, limits: MailLimits): Omit<Reading, 'forwarded'> | null {
  const calendars = findCalendars(mail, limits.calendarOctets).map((found) => readCalendar(found, mail.facts, limits));
  const read = calendars.some(answers) ? calendars : [...calendars, ...readWinmail(mail, limits)];
  const [first] = read;
  if (first === undefined) return null;
  const answering = read.filter(answers);
  const [answer] = answering;
  if (answer === undefined) return explain(first);
  const distinct = new Set(answering.map(({ message }) => identify(message.items)));
  if (distinct.size === 1) return { items: answer.message.items, source: answer.source };
  const sources = answering.map(({ source }) => source).join('; ');
  const detail = `The mail has ${distinct.size} calendars that say different things: ${sources}.`;
  return { items: [unusable('several-calendars', detail)], source: answer.source };
}

function answers(calendar: ReadCalendar): calendar is { message: ItipMessage; source: string } {
  return 'items' in calendar.message && calendar.message.items.length > 0;
}

function readCalendar(found: FoundCalendar, facts: MailFacts, limits: MailLimits): ReadCalendar {
  const { source } = found;
  if (found.text.length > limits.calendarOctets) {
    return {
      message: unusable('unparseable-calendar', `The calendar exceeds ${limits.calendarOctets} octets.`),
      source,
    };
  }
  try {
    const message = readMessage(found.text, found.headerMethod);
    const prodid = /^PRODID[^\r\n:]*:([^\r\n]*)/im.exec(found.text)?.[1] ?? '';
    const comment = writesCommentAsText(prodid) ? readComment(facts.text) : null;
    return { message: { ...message, items: message.items.map((item) => withComment(item, comment)) }, source };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const several = (found.text.match(/^BEGIN:VCALENDAR/gim)?.length ?? 0) > 1;
    return { message: unusable(several ? 'several-calendars' : 'unparseable-calendar', error.message), source };
  }
}

function withComment(item: ClaimedItem, comment: string | null): ClaimedItem {
  return item.kind === 'refresh' || item.comment !== null || comment === null ? item : { ...item, comment };
}

function readWinmail(mail: ReadMail, limits: MailLimits): ReadCalendar[] {
  return mail.parts.filter(isTnef).flatMap(({ content }) => {
    const tnef = readTnef(content(limits.calendarOctets));
    const message = tnef === null ? null : readMeetingResponse(tnef);
    if (message === null) return [];
    const comment = readComment(mail.facts.text);
    return [
      {
        message: { ...message, items: message.items.map((item) => withComment(item, comment)) },
        source: 'winmail.dat',
      },
    ];
  });
}

/** Why a calendar gives no answer. */
function explain({ message, source }: ReadCalendar): Omit<Reading, 'forwarded'> {
  if ('kind' in message) return { items: [message], source };
  const { method } = message;
  if (method === null) return { items: [unusable('not-a-reply', 'The calendar names no METHOD.')], source };
  const answering = ['REPLY', 'COUNTER', 'REFRESH'].includes(method);
  if (!answering) return { items: [unusable('not-a-reply', `METHOD is ${method.slice(0, 40)}.`)], source };
  const detail = message.unusable.join(' ').slice(0, 500) || `The ${method} has no event.`;
  return { items: [unusable('no-event', detail)], source };
}

/** Copies of one calendar differ in encoding and comment; what they say about whom must not. */
function identify(items: readonly ClaimedItem[]): string {
  return JSON.stringify(
    items.map((item) => [
      item.kind,
      item.occurrence.uid,
      item.occurrence.recurrenceId,
      item.attendee?.key,
      item.kind === 'answer' ? [item.partstat, item.range, item.delegatedTo.map(({ key }) => key)] : null,
      item.kind === 'proposal' ? [item.start?.local, item.start?.zone, item.end?.local] : null,
      item.kind === 'refresh' ? null : item.sequence,
    ]),
  );
}

function unusable(reason: UnusableReason, detail: string): Unusable {
  return { kind: 'unusable', reason, detail };
}
