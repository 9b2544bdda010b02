// The records that can be held for the organizer: which tasks they are, whom they are about, and under which key.
import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/flow/ports/spool.ts';
import { delegationKey, type DelegationRecord } from '../../../src/flow/records/delegation.ts';
import { heldFacts, heldJobs } from '../../../src/flow/records/held.ts';
import { proposalKey, type ProposalRecord } from '../../../src/flow/records/proposal.ts';
import { senderKey } from '../../../src/flow/records/question.ts';
import type { AnswerRecord } from '../../../src/flow/records/answer.ts';
import { type AnyRecord, recordTask } from '../../../src/flow/records/records.ts';
import { alice, bob, carol } from '../flow-kit.ts';

const origin = { recordId: 'r1', door: 'smtp', messageId: null };
const uid = 'planning@example.com';
const occurrence = { uid, recurrenceId: '20270301T100000Z' };

const answer: AnswerRecord = {
  kind: 'answer',
  origin,
  answer: {
    component: 'VEVENT',
    occurrence,
    range: null,
    start: null,
    attendee: bob,
    organizer: alice,
    partstat: 'ACCEPTED',
    comment: null,
    delegatedTo: [],
    revision: { sequence: null, sentAt: 4 },
    door: 'smtp',
  },
  sender: 'bob@remote.test',
  held: 'unauthenticated',
  approved: false,
};
const proposal: ProposalRecord = {
  kind: 'proposal',
  origin,
  organizer: alice,
  attendee: bob,
  proposal: {
    kind: 'proposal',
    occurrence,
    attendee: carol,
    organizer: carol,
    start: null,
    end: null,
    comment: null,
    sequence: null,
    stampedAt: null,
  },
  sender: 'bob@remote.test',
  held: null,
  approved: false,
  declined: false,
};
const delegation: DelegationRecord = {
  kind: 'delegation',
  origin,
  organizer: alice,
  attendee: bob,
  delegate: carol,
  ...occurrence,
  approved: false,
};

describe('heldJobs', () => {
  it('leaves out unreadable tasks and records that are never held', () => {
    const taskOf = (record: AnyRecord): Task => ({
      ...recordTask(record, { id: record.kind, createdAt: 7 }),
      attempts: 0,
      lastError: null,
    });
    const verify = { kind: 'verify', owner: alice, uid, round: 0 } as const;
    const all = [...[answer, verify, proposal, delegation].map(taskOf), { ...taskOf(answer), body: '{}' }];
    expect(heldJobs(all).map(({ task, body }) => [task.id, body])).toEqual([
      ['answer', answer],
      ['proposal', proposal],
      ['delegation', delegation],
    ]);
  });
});

describe('heldFacts', () => {
  it.each([answer, proposal, delegation])('of kind $kind are about its organizer, attendee, occurrence', (record) => {
    // A proposal names persons itself; only its record has the proven ones.
    expect(heldFacts(record)).toMatchObject({ organizer: alice, attendee: bob, ...occurrence });
  });

  it.each([
    { record: answer, asks: 'sender', sender: 'bob@remote.test', partstat: 'ACCEPTED' },
    { record: proposal, asks: 'proposal', sender: 'bob@remote.test', partstat: null },
    { record: { ...proposal, held: 'unauthenticated' }, asks: 'sender', sender: 'bob@remote.test', partstat: null },
    { record: { ...proposal, held: 'unauthenticated', approved: true }, asks: 'proposal', partstat: null },
    { record: delegation, asks: 'delegation', sender: 'bob@remote.test', partstat: 'DELEGATED' },
  ] as const)('of kind $record.kind ask for a decision about the $asks', ({ record, ...facts }) => {
    expect(heldFacts(record)).toMatchObject(facts);
  });

  it.each([answer, proposal, delegation])('are decided once the organizer has accepted $kind', (record) => {
    const accepted = { ...record, approved: true };
    expect([heldFacts(record).isDecided, heldFacts(accepted).isDecided]).toEqual([false, true]);
  });

  it('are decided once a proposal is declined', () => {
    expect(heldFacts({ ...proposal, declined: true }).isDecided).toBe(true);
  });
});

describe('the hold key', () => {
  it('of a sender ignores the case of the sender', () => {
    expect(senderKey(alice, bob, 'Bob@Private.Test')).toBe(`${alice.key}\u001f${bob.key}\u001fbob@private.test`);
  });

  it('differs by kind, person, event and occurrence', () => {
    const series = { recurrenceId: null };
    const other = { uid: 'other@example.com' };
    const proposals = [
      proposal,
      { ...proposal, attendee: carol },
      { ...proposal, organizer: bob },
      { ...proposal, proposal: { ...proposal.proposal, occurrence: { ...occurrence, ...series } } },
      { ...proposal, proposal: { ...proposal.proposal, occurrence: { ...occurrence, ...other } } },
    ];
    const delegations = [
      delegation,
      { ...delegation, attendee: carol },
      { ...delegation, organizer: bob },
      { ...delegation, delegate: bob },
      { ...delegation, ...series },
      { ...delegation, ...other },
    ];
    const keys = [...proposals.map(proposalKey), ...delegations.map(delegationKey)];
    expect(new Set(keys).size).toBe(keys.length);
    expect(proposalKey({ ...proposal, sender: 'x', declined: true, approved: true })).toBe(keys[0]);
    expect(delegationKey({ ...delegation, approved: true })).toBe(delegationKey(delegation));
    expect(proposalKey(proposals[3] as ProposalRecord)).toBe(
      `proposal\u001f${alice.key}\u001f${bob.key}\u001f${uid}\u001f`,
    );
    expect(delegationKey({ ...delegation, ...series })).toBe(
      `delegation\u001f${alice.key}\u001f${bob.key}\u001f${carol.key}\u001f${uid}\u001f`,
    );
  });
});
