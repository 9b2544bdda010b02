// The reasons that record bodies may contain, with the versions of these records. An earlier gateway holds a record
// with an unknown reason for the operator, but puts back a record of a newer version. So a reason that is new since the
// last release needs a higher version of the records that may contain it.
import { describe, expect, it } from 'vitest';
import { type ReasonRow, reasons } from '../../../src/core/reasons.ts';
import { answer } from '../../../src/flow/records/answer.ts';
import { notice } from '../../../src/flow/records/notice.ts';
import { outgoing } from '../../../src/flow/records/outgoing.ts';
import { proposal } from '../../../src/flow/records/proposal.ts';

const rows: readonly (readonly [string, ReasonRow])[] = Object.entries(reasons);
const namesOf = (fits: (row: ReasonRow) => boolean): string[] =>
  rows.filter(([, row]) => fits(row)).map(([name]) => name);

describe('the reasons in records', () => {
  it('to hold an answer are those of the versions answer 2, proposal 2 and notice 2', () => {
    expect({ answer: answer.version, proposal: proposal.version, notice: notice.version }).toEqual({
      answer: 2,
      proposal: 2,
      notice: 2,
    });
    expect(namesOf(({ text }) => text !== undefined).sort()).toEqual([
      'ambiguous-event',
      'another-attendee',
      'changed-elsewhere',
      'event-unusable',
      'forwarded',
      'no-such-occurrence',
      'not-invited',
      'not-visible',
      'recurrence-too-expensive',
      'series-change',
      'several-from',
      'unauthenticated',
      'unknown-event',
      'unreadable-answer',
    ]);
  });

  it('for a mail are those of the version outgoing 2', () => {
    expect(outgoing.version).toBe(2);
    expect(namesOf(({ verdicts }) => verdicts.includes('mailed')).sort()).toEqual([
      'cancel',
      'decline',
      'forward',
      'invitation',
      'notice',
      'own',
      'refresh',
      'reply',
      'update',
    ]);
  });
});
