// Answers that a stale copy overwrites are applied again: when the event is re-read, how often, and when not.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventDocument, parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { occurrenceSchedule } from '../../../src/core/itip/fingerprint.ts';
import type { AppliedAnswer } from '../../../src/core/itip/types.ts';
import { restoreOverwritten } from '../../../src/flow/copies/restore-overwritten.ts';
import { alice, bob, carol } from '../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../one-event.ts';
import { NOW } from './run-batch.ts';

describe('restoring an overwritten answer', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('an answer is applied again after a stale copy has overwritten it, and the ledger says so', async () => {
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.calendar.put(uid, event());
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    expect(await kit.reasons(uid)).toContain('applied overwritten');
  });

  it('the event is re-read later if answers are processed late', async () => {
    // The invitation also adds a re-read.
    kit.clock.now += 10_000;
    await kit.settle();
    await kit.answer('ACCEPTED');
    await kit.settle(['incoming']);
    kit.clock.now += 2_000;
    await kit.settle();
    kit.calendar.put(uid, event());
    const isReread = async (after: number): Promise<boolean> => {
      kit.clock.now += after;
      const before = kit.calendar.finds;
      await kit.settle();
      return kit.calendar.finds > before;
    };
    expect(await isReread(20_500)).toBe(false);
    expect(await isReread(1_000)).toBe(true);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('the event is re-read again if an answer was written together with a re-read', async () => {
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.clock.now += 1_500;
    await kit.answer('DECLINED');
    await kit.settle();
    kit.calendar.put(uid, event());
    kit.clock.now += 10_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
  });

  it('an answer is applied again at most five times in a row', async () => {
    await kit.answer('ACCEPTED');
    await kit.settle();
    for (let round = 0; round < 8; round += 1) {
      kit.calendar.put(uid, event());
      kit.clock.now += 1_500;
      await kit.settle();
    }
    expect((await kit.reasons(uid)).filter((reason) => reason === 'applied overwritten')).toHaveLength(5);
    expect((await kit.entries(uid)).at(-1)?.detail).toContain('the last one');
  });

  it('an answer is applied again if only the server (SOGo) has raised SEQUENCE above the mailed one', async () => {
    const moved = (sequence: number): string => event([], sequence).replaceAll('20270301T1', '20270302T1');
    await kit.invite(moved(1), bob);
    kit.calendar.put(uid, moved(2));
    kit.clock.now += 10_000;
    await kit.settle();
    await kit.answer('ACCEPTED', { sequence: 1 });
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    kit.calendar.put(uid, moved(2));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    kit.calendar.put(uid, moved(3));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).not.toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer that is reset together with a new SEQUENCE is not applied again', async () => {
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.calendar.put(uid, event([], 1));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).not.toContain('ACCEPTED');
  });
});

describe('an overwritten answer', () => {
  const reset = parseEvent(event([], 1));
  const known: AppliedAnswer = {
    attendeeKey: bob.key,
    recurrenceId: null,
    sequence: 1,
    sentAt: NOW - 60_000,
    partstat: 'ACCEPTED',
    content: 'c',
    eventSequence: 1,
    schedule: occurrenceSchedule(reset, null),
  };
  const restore = async (applied: readonly AppliedAnswer[], document: EventDocument = reset) => {
    const context = { place: null, applied, mailings: [] };
    const expand = () => Promise.reject(new TypeError('nothing to expand'));
    return restoreOverwritten(document, context, { organizer: alice, uid }, expand, NOW);
  };
  const invited = (lines: readonly string[], sequence = 1): EventDocument => parseEvent(event(lines, sequence));

  it.each<[string, Partial<AppliedAnswer>, EventDocument?]>([
    ['as it was applied', {}],
    ['with another PARTSTAT', { partstat: 'DECLINED' }],
    ['without SEQUENCE', { sequence: null, eventSequence: null }],
    ['whose SEQUENCE is that of the event', { eventSequence: null }],
    ['whose event had this SEQUENCE', { sequence: 0 }],
    ['if SEQUENCE is lower now', {}, invited([], 0)],
    ['without SEQUENCE although it is higher now', { sequence: null, eventSequence: null }, invited([], 7)],
  ])('is restored %s', async (_, over, document = reset) => {
    const given = { ...known, ...over };
    const result = await restore([given], document);
    expect(result.restored).toEqual([given]);
    expect(partstatOf(result.document, bob, null)).toBe(given.partstat);
  });

  it.each<[string, Partial<AppliedAnswer>, EventDocument?]>([
    [
      'of an attendee whose PARTSTAT is another one',
      {},
      parseEvent(event([], 1).replace(/NEEDS-ACTION(.*bob)/, 'TENTATIVE$1')),
    ],
    ['of a person who is no longer invited', { attendeeKey: 'eve@remote.test' }],
    ['of a key that is no address', { attendeeKey: 'urn:uuid:1' }],
    ['that was NEEDS-ACTION itself', { partstat: 'NEEDS-ACTION' }],
    ['for an unknown time', { schedule: null }],
    ['for another time', { schedule: 'other' }],
    ['if the SEQUENCE is higher now', { sequence: 0, eventSequence: 0 }],
    ['if the SEQUENCE is higher now and that of the event unknown', { sequence: 0, eventSequence: null }],
    ['if the event is cancelled', {}, invited(['STATUS:CANCELLED'])],
  ])('is not restored %s', async (_, over, document = reset) => {
    const result = await restore([{ ...known, ...over }], document);
    expect(result.restored).toEqual([]);
    expect(result.document).toBe(document);
  });

  it('is restored together with those of other attendees', async () => {
    const other = { ...known, attendeeKey: carol.key, partstat: 'DECLINED' } as const;
    const { document, restored } = await restore([known, { ...known, attendeeKey: 'eve@remote.test' }, other]);
    expect(restored).toEqual([known, other]);
    expect([partstatOf(document, bob, null), partstatOf(document, carol, null)]).toEqual(['ACCEPTED', 'DECLINED']);
  });
});
