// Is an answer newer than what was applied before, and does it speak of the event as it now is? Revisions and the history of
// one attendee come in, literal verdicts go out. The event's own DTSTAMP is never asked: any edit of the organizer's moves it.
import { type AnswerContent, answerContent, lastAnswer } from './answer-content.ts';
import { toldAbout, type ToldOccurrence } from './mailed-occurrence.ts';
import type { Answer, AppliedAnswer, History, MailedRevision } from './types.ts';

export type Order = 'newer' | 'stale' | 'duplicate';

export interface ResolvedRevision {
  readonly sequence: number;
  readonly sentAt: number;
}

/**
 * The revision with a SEQUENCE in any case: where the client sent none (SOGo), the newest that this attendee had been
 * mailed when it answered, else the event's. SEQUENCE is the organizer's (RFC 5546 §2.1.4): one above all that were
 * issued counts as none, or it would make every later answer stale.
 */
export function resolveRevision(
  answer: Answer,
  history: History,
  eventSequences: { readonly event: number; readonly occurrence: number },
  now: number,
): ResolvedRevision {
  // A clock that runs ahead would beat every later answer.
  const sentAt = Math.min(answer.revision.sentAt, now);
  const { recurrenceId } = answer.occurrence;
  const claimed = answer.revision.sequence;
  const mails = history.mailed.filter((mail) => concerns(mail, recurrenceId));
  const wasIssued = (sequence: number) =>
    sequence <= Math.max(eventSequences.event, eventSequences.occurrence) ||
    mails.some((mail) => sequence <= mail.sequence || sequence <= toldAbout(mail, recurrenceId).sequence);
  if (claimed !== null && wasIssued(claimed)) return { sequence: claimed, sentAt };
  const seen = mails.findLast((mail) => mail.mailedAt <= sentAt);
  return { sequence: seen ? toldAbout(seen, recurrenceId).sequence : eventSequences.occurrence, sentAt };
}

/** RFC 5546 §2.1.5, against the last answer applied for the same attendee and occurrence. */
export function orderAfter(
  last: AppliedAnswer | null,
  answer: AnswerContent,
  revision: ResolvedRevision,
  now: number,
): Order {
  if (last === null) return 'newer';
  if (last.sequence !== null && revision.sequence !== last.sequence) {
    return revision.sequence > last.sequence ? 'newer' : 'stale';
  }
  // Recorded as sent after now: our clock stood wrong then, and what is left is the order of arrival.
  const lastSentAt = last.sentAt > now ? revision.sentAt : last.sentAt;
  if (revision.sentAt !== lastSentAt) return revision.sentAt > lastSentAt ? 'newer' : 'stale';
  // One revision, two contents: the later arrival is what the person saw last.
  return answerContent(answer) === last.content ? 'duplicate' : 'newer';
}

export function orderOf(
  history: History,
  recurrenceId: string | null,
  answer: Answer,
  revision: ResolvedRevision,
  now: number,
): Order {
  return orderAfter(lastAnswer(history.applied, recurrenceId), answer, revision, now);
}

/** Decision table, "rescheduled since": the answer was given to a time that we have mailed another one for. Unknown: false. */
export function isOfAnotherTime(history: History, recurrenceId: string | null, sequence: number): boolean {
  const requests = history.mailed.filter(({ method }) => method === 'REQUEST');
  if (recurrenceId === null) return sequence < lastReschedule(requests);
  const told = requests.filter((mail) => concerns(mail, recurrenceId)).map((mail) => toldAbout(mail, recurrenceId));
  // An override counts its SEQUENCE by itself: what happens to the series around it does not raise it.
  const ofTheSeries = told.at(-1)?.overridden !== true;
  return sequence < lastMove(told) || (ofTheSeries && sequence < lastReschedule(requests));
}

/** SEQUENCE of the last REQUEST for the event whose schedule differs from the one before; 0 where there is none. */
function lastReschedule(requests: readonly MailedRevision[]): number {
  const series = requests.filter((mail) => mail.recurrenceId === null);
  const changed = series.filter(
    (mail, at) => at > 0 && mail.scheduleFingerprint !== series[at - 1]?.scheduleFingerprint,
  );
  return changed.at(-1)?.sequence ?? 0;
}

/** The same of one occurrence, whether it was mailed alone or as part of the event. */
function lastMove(told: readonly ToldOccurrence[]): number {
  const known = told.filter(({ time }) => time !== null);
  return known.findLast(({ time }, at) => at > 0 && time !== known[at - 1]?.time)?.sequence ?? 0;
}

function concerns(mail: MailedRevision, recurrenceId: string | null): boolean {
  return mail.recurrenceId === null || mail.recurrenceId === recurrenceId;
}
