// Orders answers. In: the revision of an answer and the history of its attendee; out: whether it is newer than the last applied
// answer, and whether it was given before a reschedule. It refuses nothing. It never uses the event's own DTSTAMP, because
// every edit by the organizer changes it.
import { occurrenceIdOf } from '../ical/occurrence-id.ts';
import type { CalendarTime } from '../ical/types.ts';
import { type AnswerContent, answerContent, lastAnswer } from './answer-content.ts';
import { concerns, mailedOccurrence, type MailedOccurrence } from './mailed-occurrence.ts';
import type { Answer, AppliedAnswer, History, MailedRevision } from './types.ts';

export type Order = 'newer' | 'stale' | 'duplicate';

export interface ResolvedRevision {
  readonly sequence: number;
  readonly sentAt: number;
}

/**
 * Returns a revision that always has a SEQUENCE. If the client sent none (SOGo), it is the newest one mailed to this attendee
 * before the answer, or else the event's. Only the organizer issues SEQUENCE (RFC 5546 §2.1.4), so a value above all issued
 * ones counts as missing; otherwise it would make every later answer stale.
 */
export function resolveRevision(
  answer: Answer,
  history: History,
  eventSequences: { readonly event: number; readonly occurrence: number },
  now: number,
): ResolvedRevision {
  // Otherwise an answer from a client whose clock is ahead would make later answers stale.
  const sentAt = Math.min(answer.revision.sentAt, now);
  const { recurrenceId } = answer.occurrence;
  const claimed = answer.revision.sequence;
  const mails = history.mailed.filter((mail) => concerns(mail, recurrenceId));
  const wasIssued = (sequence: number) =>
    sequence <= Math.max(eventSequences.event, eventSequences.occurrence) ||
    mails.some((mail) => sequence <= mail.sequence || sequence <= mailedOccurrence(mail, recurrenceId).sequence);
  const told = sequenceTold(answer, history, sentAt);
  if (claimed !== null && wasIssued(claimed)) return { sequence: Math.max(claimed, told), sentAt };
  const seen = mails.findLast((mail) => mail.mailedAt <= sentAt);
  const sequence = seen ? mailedOccurrence(seen, recurrenceId).sequence : eventSequences.occurrence;
  return { sequence: Math.max(sequence, told), sentAt };
}

/**
 * If the answer's DTSTART is the time mailed last, returns the SEQUENCE of the mail that introduced this time; else 0. An answer
 * sent after that mail is not older than it, even if its SEQUENCE is lower, because SabreDAV answers one date with the SEQUENCE of
 * the series. Returns 0 for an answer sent before that mail: it answers an earlier mail, and the event was moved away and back.
 */
function sequenceTold(
  { occurrence: { recurrenceId }, start }: Pick<Answer, 'occurrence' | 'start'>,
  history: History,
  sentAt: number,
): number {
  const mails = requestsFor(history, recurrenceId);
  const told = mails.map((mail) => mailedOccurrence(mail, recurrenceId));
  const at = told.findLastIndex((each) => !beginsAt(each, start)) + 1;
  // DTSTAMP and Date are in whole seconds.
  const mailedAt = Math.floor((mails[at]?.mailedAt ?? 0) / 1000) * 1000;
  return mailedAt <= sentAt ? (told[at]?.sequence ?? 0) : 0;
}

function beginsAt(mailed: MailedOccurrence | undefined, start: CalendarTime | null): boolean {
  return start !== null && mailed?.start === occurrenceIdOf(start);
}

/**
 * Returns the revision of a web answer to the time that the event has now. It has the last SEQUENCE mailed to this attendee, as
 * an answer by mail would have, because the stored one may be lower (the mail raised it) or higher (it was not mailed).
 */
export function currentRevision(
  { occurrence: { recurrenceId }, revision }: Answer,
  { mailed, applied }: History,
  storedSequence: number,
  now: number,
): ResolvedRevision {
  const last = mailed.findLast((mail) => concerns(mail, recurrenceId));
  const sequence = last === undefined ? storedSequence : mailedOccurrence(last, recurrenceId).sequence;
  const before = lastAnswer(applied, recurrenceId)?.sequence ?? 0;
  return { sequence: Math.max(sequence, before), sentAt: Math.min(revision.sentAt, now) };
}

/** Compares with the last applied answer for the same attendee and occurrence (RFC 5546 §2.1.5). */
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
  // If last.sentAt is in the future, our clock was wrong when that answer arrived; fall back to the order of arrival.
  const lastSentAt = last.sentAt > now ? revision.sentAt : last.sentAt;
  if (revision.sentAt !== lastSentAt) return revision.sentAt > lastSentAt ? 'newer' : 'stale';
  // The same revision with another content: the later arrival wins.
  return answerContent(answer) === last.content ? 'duplicate' : 'newer';
}

/** Compares an answer with the last one applied for this occurrence (null: for the event itself). */
export function orderOf(
  history: History,
  recurrenceId: string | null,
  answer: Answer,
  revision: ResolvedRevision,
  now: number,
): Order {
  return orderAfter(lastAnswer(history.applied, recurrenceId), answer, revision, now);
}

/**
 * Decision table, "rescheduled since": returns whether we have mailed a new time since this SEQUENCE, false if unknown. `start` is
 * the answer's DTSTART.
 */
export function isBeforeReschedule(
  history: History,
  recurrenceId: string | null,
  { sequence, start }: { readonly sequence: number; readonly start: CalendarTime | null },
): boolean {
  const requests = requestsFor(history, recurrenceId);
  if (recurrenceId === null) return sequence < lastReschedule(requests);
  const mailed = requests.map((mail) => mailedOccurrence(mail, recurrenceId));
  const last = mailed.at(-1);
  // An override has its own SEQUENCE, which a change of the series does not raise. An occurrence that still begins at the
  // answer's DTSTART has not moved, even if the rest of the series has changed.
  const followsSeries = last?.overridden !== true && !beginsAt(last, start);
  return sequence < lastMove(mailed) || (followsSeries && sequence < lastReschedule(requests));
}

/** Returns the SEQUENCE of the last REQUEST for the event whose schedule differs from the previous one, 0 if there is none. */
function lastReschedule(requests: readonly MailedRevision[]): number {
  const series = requests.filter((mail) => mail.recurrenceId === null);
  const changed = series.filter(
    (mail, at) => at > 0 && mail.scheduleFingerprint !== series[at - 1]?.scheduleFingerprint,
  );
  return changed.at(-1)?.sequence ?? 0;
}

/** Returns the SEQUENCE of the last mail that moved this occurrence, mailed alone or as part of the event; 0 if there is none. */
function lastMove(mailed: readonly MailedOccurrence[]): number {
  const known = mailed.filter(({ time }) => time !== null);
  return known.findLast(({ time }, at) => at > 0 && time !== known[at - 1]?.time)?.sequence ?? 0;
}

function requestsFor({ mailed }: History, recurrenceId: string | null): MailedRevision[] {
  return mailed.filter((mail) => mail.method === 'REQUEST' && concerns(mail, recurrenceId));
}
