// A decision that is given up after days: the organizer hears of it, of everything else only the operator.
import { describe, expect, it } from 'vitest';
import { type AnyRecord, recordTask } from '../../../src/flow/records/records.ts';
import { notifyFailedDecision } from '../../../src/flow/questions/notify-failed-decision.ts';
import { alice, bob, carol } from '../flow-kit.ts';

const uid = 'planning@example.com';
const origin = { recordId: 'r1', door: 'smtp', messageId: null };
const about = { origin, organizer: alice, attendee: bob, uid, recurrenceId: null };
const delegation = { ...about, kind: 'delegation', delegate: carol } as const;

describe('after giving up', () => {
  const cases: { why: string; body: AnyRecord; told: number }[] = [
    { why: 'a delegate who is welcome', body: { ...delegation, approved: true }, told: 1 },
    { why: 'a delegate who is asked about', body: { ...delegation, approved: false }, told: 0 },
    {
      why: 'a mail that came back',
      body: { origin, owner: alice, recipient: bob, uid, method: 'REQUEST', kind: 'undeliverable', diagnostic: '550' },
      told: 0,
    },
  ];
  it.each(cases)('$why', ({ body, told }) => {
    const task = { ...recordTask(body, { id: 't', createdAt: 0 }), attempts: 4, lastError: null };
    const next = notifyFailedDecision(() => 'n')({ task, body }, 7);
    expect(next.map(({ body: text }) => JSON.parse(text))).toEqual(
      Array.from({ length: told }, () => ({
        version: 2,
        kind: 'notice',
        origin,
        owner: alice,
        uid,
        notice: { kind: 'not-entered', attendee: bob, reason: 'failed' },
      })),
    );
  });
});
