// What makes two answers of one revision the same answer (decision table, "order"): a digest for AppliedAnswer.content.
import { createHash } from 'node:crypto';
import type { Answer, AppliedAnswer } from './types.ts';

export type AnswerContent = Pick<Answer, 'partstat' | 'comment' | 'delegatedTo' | 'range'>;

/** Digest of partstat, comment, delegation and range. */
export function answerContent(answer: AnswerContent): string {
  const delegates = answer.delegatedTo.map((delegate) => delegate.key).sort();
  const text = JSON.stringify([answer.partstat, answer.comment?.trim() ?? '', delegates, answer.range]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Content of a ledger line that is no answer: that override kept an answer of its own when the series was answered. */
export const KEPT = 'kept';

/** What this attendee last answered about exactly that occurrence (null: about the event); null where nothing. */
export function lastAnswer(applied: readonly AppliedAnswer[], recurrenceId: string | null): AppliedAnswer | null {
  return applied.find((each) => each.recurrenceId === recurrenceId && each.content !== KEPT) ?? null;
}

/** Whether that override kept an answer of its own when the series was last answered. */
export function keptItsOwn(applied: readonly AppliedAnswer[], recurrenceId: string | null): boolean {
  return applied.some((each) => each.recurrenceId === recurrenceId && each.content === KEPT);
}
