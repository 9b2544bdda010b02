// Judges one answer. In: the answer, the loaded event and the attendee's history from the ledger; out: a decision. Pure
// except for the expansion of the series.
import { GatewayError } from '../../core/errors.ts';
import type { EventDocument } from '../../core/ical/event-document.ts';
import { decide, occurrencesNeeded, revisionOf } from '../../core/itip/decide.ts';
import type { ResolvedRevision } from '../../core/itip/order-answers.ts';
import type { Answer, AppliedAnswer, Decision, History } from '../../core/itip/types.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { CopyContext, Mailing } from '../ports/spool.ts';
import type { Job } from '../records/records.ts';

/** The histories of all attendees, from the ledger. Answers of the batch are added as they are applied. */
export class Histories {
  readonly #applied: Map<string, AppliedAnswer[]>;
  readonly #mailings: Map<string, Mailing[]>;
  readonly #waiting: Map<string, Answer[]>;

  constructor(context: CopyContext, waiting: readonly Job<'answer'>[] = []) {
    this.#applied = groupBy(context.applied, ({ attendeeKey }) => attendeeKey);
    this.#mailings = groupBy(context.mailings, ({ recipientKey }) => recipientKey);
    this.#waiting = groupBy(
      waiting.map(({ body }) => body.answer),
      ({ attendee }) => attendee.key,
    );
  }

  of(attendeeKey: string): History {
    return {
      applied: this.#applied.get(attendeeKey) ?? [],
      mailed: this.#mailings.get(attendeeKey) ?? [],
      waiting: (this.#waiting.get(attendeeKey) ?? []).flatMap(({ partstat }) => partstat ?? []),
    };
  }

  /** Replaces an answer of the same attendee for the same occurrence. */
  add(answer: AppliedAnswer): void {
    this.remove(answer);
    this.#applied.set(answer.attendeeKey, [...(this.#applied.get(answer.attendeeKey) ?? []), answer]);
  }

  remove({ attendeeKey, recurrenceId }: Pick<AppliedAnswer, 'attendeeKey' | 'recurrenceId'>): void {
    const known = this.#applied.get(attendeeKey) ?? [];
    this.#applied.set(
      attendeeKey,
      known.filter((answer) => answer.recurrenceId !== recurrenceId),
    );
  }
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}

/**
 * Judges an answer, and holds it if that fails permanently, because an exception would delay the other answers of its
 * batch.
 */
export async function judgeAnswerSafely(...input: Parameters<typeof judgeAnswer>): Promise<Decision> {
  try {
    return await judgeAnswer(...input);
  } catch (error) {
    if (error instanceof GatewayError && error.temporary) throw error;
    return { verdict: 'hold', reason: 'event-unusable' };
  }
}

export async function judgeAnswer(
  document: EventDocument,
  answer: Answer,
  histories: Histories,
  expand: Expand,
  now: number,
): Promise<Decision> {
  const query = occurrencesNeeded(document, answer);
  const occurrences = query === null ? null : await expand(query);
  return decide({ answer, document, occurrences, history: histories.of(answer.attendee.key), now });
}

interface Candidate {
  readonly id: string;
  readonly revision: ResolvedRevision;
  /** `sentAt` is in the future, so our clock was wrong on arrival: the order of arrival decides. */
  readonly isFromFuture: boolean;
}

/** Task ids of the newest answer per attendee and occurrence. Of equal revisions, the later arrival is newer. */
export function newestAnswers(
  answers: readonly Job<'answer'>[],
  document: EventDocument,
  histories: Histories,
  now: number,
): ReadonlySet<string> {
  const newest = new Map<string, Candidate>();
  for (const { task, body } of answers) {
    const { answer } = body;
    const { attendee, occurrence, range, revision, partstat } = answer;
    // An answer without a readable PARTSTAT is held, so it supersedes no other answer.
    const alone = partstat === null ? task.id : null;
    const key = JSON.stringify([attendee.key, occurrence.recurrenceId, range, alone]);
    const history = histories.of(attendee.key);
    const resolved = revisionOf({ answer, document, history, now }, occurrence.recurrenceId);
    const later = { id: task.id, revision: resolved, isFromFuture: revision.sentAt > now };
    const known = newest.get(key);
    if (known === undefined || !isNewer(known, later)) newest.set(key, later);
  }
  return new Set([...newest.values()].map(({ id }) => id));
}

/** Whether the earlier arrival is the newer answer. */
function isNewer({ revision, isFromFuture }: Candidate, later: Candidate): boolean {
  if (revision.sequence !== later.revision.sequence) return revision.sequence > later.revision.sequence;
  return !isFromFuture && revision.sentAt > later.revision.sentAt;
}
