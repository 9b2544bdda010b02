// Answers that a stale copy overwrites are applied again: when the event is re-read, how often, and when not.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bob } from '../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../one-event.ts';

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
