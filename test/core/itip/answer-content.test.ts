import { describe, expect, it } from 'vitest';
import { answerContent, KEPT, keptOwnAnswer, lastAnswer } from '../../../src/core/itip/answer-content.ts';
import type { AppliedAnswer } from '../../../src/core/itip/types.ts';
import { address } from './run-answer.ts';

const yes = { partstat: 'ACCEPTED', comment: null, delegatedTo: [], range: null } as const;

describe('answerContent', () => {
  it('is equal for the same content', () => {
    expect(answerContent({ ...yes, comment: ' ' })).toBe(answerContent(yes));
    const [b, c] = [address('b@example.com'), address('c@example.com')];
    expect(answerContent({ ...yes, delegatedTo: [b, c] })).toBe(answerContent({ ...yes, delegatedTo: [c, b] }));
  });

  it.each([
    ['partstat', { ...yes, partstat: 'DECLINED' } as const],
    ['comment', { ...yes, comment: 'late' }],
    ['delegate', { ...yes, delegatedTo: [address('b@example.com')] }],
    ['range', { ...yes, range: 'THISANDFUTURE' } as const],
  ])('differs for another %s', (_, other) => {
    expect(answerContent(other)).not.toBe(answerContent(yes));
    expect(answerContent(other)).not.toBe(KEPT);
  });
});

describe('the history of one attendee', () => {
  const line = (recurrenceId: string | null, content: string): AppliedAnswer => {
    return {
      attendeeKey: 'b',
      recurrenceId,
      sequence: 0,
      sentAt: 0,
      partstat: 'ACCEPTED',
      content,
      eventSequence: 0,
      schedule: null,
    };
  };
  const applied = [line(null, 'x'), line('20261122', KEPT)];

  it('distinguishes answers from `kept` lines', () => {
    expect(lastAnswer(applied, null)).toBe(applied[0]);
    expect(lastAnswer(applied, '20261122')).toBeNull();
    expect(keptOwnAnswer(applied, '20261122')).toBe(true);
    expect(keptOwnAnswer(applied, null)).toBe(false);
  });
});
