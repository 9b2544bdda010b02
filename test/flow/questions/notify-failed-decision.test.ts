// A job that is held for the operator causes a notice to the organizer only if the organizer had decided about it.
import { describe, expect, it } from 'vitest';
import { type AnyRecord, recordTask } from '../../../src/flow/records/records.ts';
import { notifyFailedDecision } from '../../../src/flow/questions/notify-failed-decision.ts';
import { alice, bob, carol } from '../flow-kit.ts';

const uid = 'planning@example.com';
const origin = { recordId: 'r1', door: 'smtp', messageId: null };
const about = { origin, organizer: alice, attendee: bob, uid, recurrenceId: null };
const delegation = { ...about, kind: 'delegation', delegate: carol } as const;

describe('a job that is held for the operator', () => {
  const cases: { what: string; body: AnyRecord; notices: number }[] = [
    { what: 'an accepted delegation', body: { ...delegation, approved: true }, notices: 1 },
    { what: 'an undecided delegation', body: { ...delegation, approved: false }, notices: 0 },
    {
      what: 'a bounce',
      body: { origin, owner: alice, recipient: bob, uid, method: 'REQUEST', kind: 'undeliverable', diagnostic: '550' },
      notices: 0,
    },
  ];
  it.each(cases)('causes $notices notices for $what', ({ body, notices }) => {
    const task = { ...recordTask(body, { id: 't', createdAt: 0 }), attempts: 4, lastError: null };
    expect(notifyFailedDecision({ task, body }).map((added) => added.body)).toEqual(
      Array.from({ length: notices }, () => ({
        kind: 'notice',
        origin,
        owner: alice,
        uid,
        notice: { kind: 'not-entered', attendee: bob, reason: 'failed' },
      })),
    );
  });
});
