// The reasons that record bodies may hold, with the version of these records. An earlier gateway cannot read a record with a
// reason that it does not know and holds it for the operator, but puts a record of a later version back. So a reason that is
// new since the last release comes with a higher version of the records that may hold it.
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
  it('to hold an answer are those of answer 2, proposal 2 and notice 2', () => {
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
    ]);
  });

  it('for a mail are those of outgoing 2', () => {
    expect(outgoing.version).toBe(2);
    expect(namesOf(({ verdicts }) => verdicts.includes('mailed')).sort()).toEqual([
      'cancel',
      'decline',
      'forward',
      'invitation',
      'notice',
      'reply',
      'update',
    ]);
  });
});
