// Compares the content of answers with the ledger. In: an answer, or the attendee's applied answers; out: a digest for
// AppliedAnswer.content, by which duplicates are recognised (decision table, "order"), or the last answer. It refuses nothing.
import { createHash } from 'node:crypto';
import type { Answer, AppliedAnswer } from './types.ts';

export type AnswerContent = Pick<Answer, 'partstat' | 'comment' | 'delegatedTo' | 'range'>;

/** Returns a digest of partstat, comment, delegates and range. */
export function answerContent(answer: AnswerContent): string {
  const delegates = answer.delegatedTo.map((delegate) => delegate.key).sort();
  const text = JSON.stringify([answer.partstat, answer.comment?.trim() ?? '', delegates, answer.range]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** The content of a ledger line that is not an answer: the override kept its own answer when the series was answered. */
export const KEPT = 'kept';

/** Returns the last answer for exactly this occurrence (null: for the event itself), null if there is none. */
export function lastAnswer(applied: readonly AppliedAnswer[], recurrenceId: string | null): AppliedAnswer | null {
  return applied.find((each) => each.recurrenceId === recurrenceId && each.content !== KEPT) ?? null;
}

/** Returns whether this override kept its own answer when the series was last answered. */
export function keptOwnAnswer(applied: readonly AppliedAnswer[], recurrenceId: string | null): boolean {
  return applied.some((each) => each.recurrenceId === recurrenceId && each.content === KEPT);
}
