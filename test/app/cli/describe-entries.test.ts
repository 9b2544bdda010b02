// How `imip-gateway why` prints ledger entries.
import { describe, expect, it } from 'vitest';
import { datedEntry, describeEntries, noEntries } from '../../../src/app/cli/describe-entries.ts';
import type { LedgerEntry } from '../../../src/flow/ports/spool.ts';

const applied: LedgerEntry = {
  at: Date.UTC(2027, 0, 10, 9),
  taskId: 't1',
  recordId: 'r1',
  door: 'smtp',
  messageId: '<good@remote.test>',
  organizer: 'mailto:alice@example.com',
  uid: 'planning@example.com',
  recurrenceId: '20270111T090000Z',
  attendee: 'mailto:bob@remote.test',
  verdict: 'applied',
  reason: 'applied',
  detail: 'ACCEPTED was written into the event.',
};

describe('printed ledger entries', () => {
  it('have a paragraph each, in the same order', () => {
    const refused = { ...applied, messageId: null, recurrenceId: null, verdict: 'refused', reason: 'stale' } as const;
    expect(describeEntries([applied, refused])).toBe(`2027-01-10T09:00:00.000Z  applied: applied
  ACCEPTED was written into the event.
  event: planning@example.com (20270111T090000Z)
  organizer: mailto:alice@example.com
  attendee: mailto:bob@remote.test
  message: <good@remote.test>
  door: smtp
  record: r1

2027-01-10T09:00:00.000Z  refused: stale
  ACCEPTED was written into the event.
  event: planning@example.com
  organizer: mailto:alice@example.com
  attendee: mailto:bob@remote.test
  door: smtp
  record: r1`);
  });

  it('contain no control characters', () => {
    const odd = { ...applied, uid: 'odd\u001b[2J\u0007\u202e@example.com', detail: '554 5.7.1 \u001b[31mspam' };
    const text = describeEntries([odd]);
    expect(text).toContain('554 5.7.1  [31mspam');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('are one sentence if there are none', () => {
    expect(noEntries('carol@remote.test')).toMatch(
      /^the ledger has no entry about carol@remote\.test: give a Message-ID/,
    );
  });

  it('have a readable time in JSON', () => {
    expect(datedEntry(applied)).toEqual({ ...applied, at: '2027-01-10T09:00:00.000Z' });
  });
});
