// Interprets a received mail. In: its raw octets; out: answers, proposals, refreshes, bounces, an automatic reply, an abuse
// report or a letter. It refuses a mail without usable content as `unusable`, with the reason. It never throws, and its work
// is bounded by MailLimits.
import { clipText } from '../ical/clip-text.ts';
import { GatewayError } from '../errors.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { type ContentLine, splitLines } from '../ical/content-lines.ts';
import { isFromAttendee } from '../itip/methods.ts';
import { readMessage } from '../itip/read-message.ts';
import type { ClaimedItem, ItipMessage } from '../itip/types.ts';
import { findCalendars, type FoundCalendar, isTnef } from './find-calendar.ts';
import { MAIL_LIMITS, type MailLimits } from './mail-limits.ts';
import { readComment, writesCommentAsText } from './read-comment.ts';
import { readHead, readMail, type ReadMail, type SignedBudget } from './read-mail.ts';
import { readMeetingResponse } from './read-meeting-response.ts';
import { isAbuseReport, readDeliveryReport } from './read-report.ts';
import { isAutomatic, isAutomaticReply } from './recognise-automatic.ts';
import { recogniseBounce, recogniseReturnedMail } from './recognise-bounce.ts';
import { readTnef } from './tnef.ts';
import type { Incoming, IncomingItem, MailFacts, Unusable, UnusableReason } from './types.ts';

type Interpretation = Pick<Incoming, 'items' | 'forwarded' | 'source'>;

/**
 * Does not verify the sender: judge-sender.ts decides whether an answer counts.
 *
 * @param options.isReturned whether the mail came with the null sender to a bounce address
 */
export async function interpretMail(
  raw: Uint8Array,
  options: { limits?: Partial<MailLimits>; isReturned?: boolean } = {},
): Promise<Incoming> {
  const limits = { ...MAIL_LIMITS, ...options.limits };
  try {
    const budget: Budget = { limits, forwardsLeft: limits.forwards, signed: { octetsLeft: limits.signedOctets } };
    const mail = readMail(raw, limits, budget.signed);
    const interpretation = interpret(mail, budget, options.isReturned);
    return { mail: mail.facts, ...interpretation };
  } catch (error) {
    const mail = readHead(raw, limits);
    return { mail, items: [unusableAfter(error)], forwarded: false, source: null };
  }
}

/** Returns an item even for an unexpected error, because a retry would fail again and block the queue. */
function unusableAfter(error: unknown): Unusable {
  if (error instanceof GatewayError) return unusable('too-deep', error.message);
  const name = error instanceof Error ? error.name : 'unknown';
  return unusable('unparseable-mail', `The mail caused an internal error (${name}).`);
}

interface Budget {
  readonly limits: MailLimits;
  /** The attached messages that may still be parsed, counted over all levels of nesting. */
  forwardsLeft: number;
  readonly signed: SignedBudget;
}

function interpret(mail: ReadMail, budget: Budget, isReturned = false): Interpretation {
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
  const bounce = recogniseBounce(mail) ?? (isReturned ? recogniseReturnedMail(mail) : null);
  if (bounce !== null) return { items: [bounce], forwarded: false, source: null };
  // Mail systems write returned mails, so only a vacation notice counts as an automatic reply. It may contain our invitation.
  const automatic = isReturned ? isAutomaticReply(mail) : isAutomatic(mail);
  if (automatic && (isReturned || !hasSchedulingMessage(mail, budget.limits))) {
    return { items: [{ kind: 'automatic-reply' }], forwarded: false, source: null };
  }
  return calendar ?? { items: [{ kind: 'letter' }], forwarded: false, source: null };
}

/** Returns whether the item is an answer, a proposal or a refresh. */
export function isClaim(item: IncomingItem): item is ClaimedItem {
  return item.kind === 'answer' || item.kind === 'proposal' || item.kind === 'refresh';
}

function readReport(mail: ReadMail): IncomingItem[] | null {
  if (isAbuseReport(mail)) return [{ kind: 'abuse-report' }];
  return readDeliveryReport(mail);
}

/** Returns the answer in an attached message, even if it cannot be used. Ignores other calendars in attached messages. */
function interpretForwarded(mail: ReadMail, budget: Budget): Interpretation | null {
  for (const part of mail.parts.filter(({ type }) => type === 'message/rfc822' || type === 'message/global')) {
    if (budget.forwardsLeft-- <= 0) return null;
    const inner = readForwarded(part.content(budget.limits.octets), budget);
    if (inner?.items.some((item) => isClaim(item) || isUnusableAnswer(item)) === true) {
      return { items: inner.items, forwarded: true, source: `${inner.source}, in an attached message` };
    }
  }
  return null;
}

function readForwarded(raw: Uint8Array, budget: Budget): Interpretation | null {
  try {
    return interpret(readMail(raw, budget.limits, budget.signed), budget);
  } catch (error) {
    if (error instanceof GatewayError) return null; // it exceeds the limits; the outer mail is still a letter
    throw error;
  }
}

/** Returns whether the item is an answer, a proposal or a refresh that cannot be used. */
function isUnusableAnswer(item: IncomingItem): boolean {
  return item.kind === 'unusable' && item.reason === 'no-event';
}

/**
 * Returns whether a calendar of the mail has a METHOD, which shows that a calendar system made the mail. Google and Exchange mark
 * such mails as automatic.
 */
function hasSchedulingMessage(mail: ReadMail, limits: MailLimits): boolean {
  const calendars = findCalendars(mail, limits.calendarOctets);
  return calendars.some((found) => isSchedulingMessage(found, mail.facts)) || readWinmail(mail, limits).length > 0;
}

/** An automatic reply may quote the invitation that it answers. Then the recipient of the mail is the organizer. */
function isSchedulingMessage({ text, headerMethod }: FoundCalendar, { to }: MailFacts): boolean {
  const lines = splitLines(text);
  const method = lines.find(({ name }) => name === 'METHOD')?.value ?? headerMethod;
  if (method === null) return false;
  if (isFromAttendee(method.trim().toUpperCase())) return true;
  const recipients = to.map(({ address }) => addressKey(address));
  return !organizersIn(lines).some((address) => recipients.includes(addressKey(address)));
}

function organizersIn(lines: readonly ContentLine[]): string[] {
  return lines.filter(({ name }) => name === 'ORGANIZER').flatMap((line) => [line.value, ...line.paramValues('EMAIL')]);
}

interface ReadCalendar {
  readonly message: ItipMessage | Unusable;
  readonly text?: string;
  readonly source: string;
}

/** Returns null if the mail has no calendar. Reads winmail.dat only if no calendar contains an answer. */
function readCalendars(mail: ReadMail, limits: MailLimits): Omit<Interpretation, 'forwarded'> | null {
  const calendars = findCalendars(mail, limits.calendarOctets).map((found) => readCalendar(found, mail.facts, limits));
  const read = calendars.some(hasItems) ? calendars : [...calendars, ...readWinmail(mail, limits)];
  const [first] = read;
  if (first === undefined) return null;
  const answers = read.filter(hasItems);
  const [answer] = answers;
  if (answer === undefined) return explainNoAnswer(first);
  const distinct = new Set(answers.map(({ message }) => contentKey(message.items)));
  if (distinct.size === 1) return { items: answer.message.items, source: answer.source };
  const sources = answers.map(({ source }) => source).join('; ');
  const detail = `The mail has ${distinct.size} calendars with different content: ${sources}.`;
  return { items: [unusable('several-calendars', detail)], source: answer.source };
}

function hasItems(calendar: ReadCalendar): calendar is { message: ItipMessage; source: string } {
  return 'items' in calendar.message && calendar.message.items.length > 0;
}

function readCalendar(found: FoundCalendar, facts: MailFacts, limits: MailLimits): ReadCalendar {
  const { source } = found;
  if (found.octets > limits.calendarOctets) {
    return {
      message: unusable('unparseable-calendar', `The calendar exceeds ${limits.calendarOctets} octets.`),
      source,
    };
  }
  try {
    const message = readMessage(found.text, found.headerMethod);
    const prodid = /^PRODID[^\r\n:]*:([^\r\n]*)/im.exec(found.text)?.[1] ?? '';
    const comment = writesCommentAsText(prodid) ? readComment(facts.text) : null;
    const items = message.items.map((item) => withComment(item, comment));
    return { message: { ...message, items }, text: found.text, source };
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

/** Returns the reason why no answer could be read from a calendar. */
function explainNoAnswer({ message, text = '', source }: ReadCalendar): Omit<Interpretation, 'forwarded'> {
  if ('kind' in message) return { items: [message], source };
  const { method } = message;
  if (method === null) return { items: [unusable('not-a-reply', 'The calendar has no METHOD.')], source };
  if (!isFromAttendee(method)) {
    const organizers = organizersIn(splitLines(text));
    return { items: [{ ...unusable('not-a-reply', `METHOD is ${clipText(method, 40)}.`), organizers }], source };
  }
  const detail = clipText(message.unusable.join(' '), 500) || `The ${method} has no event.`;
  return { items: [unusable('no-event', detail)], source };
}

/**
 * Returns a key that is equal for equivalent answers. It leaves out the comment, which may differ between the copies of one
 * calendar in a mail.
 */
function contentKey(items: readonly ClaimedItem[]): string {
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
