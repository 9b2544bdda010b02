// The order of answers, seen from outside: batches, clocks that were ahead, and a ledger that lags behind the calendar.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerMail } from '../../harness/answers.ts';
import { bob, carol } from '../flow-kit.ts';
import { event, MODIFIED, type OneEvent, openOneEvent, uid } from '../one-event.ts';

describe('the order of answers', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('an answer replaces an earlier one of its batch, even one with a higher SEQUENCE', async () => {
    await kit.answer('ACCEPTED', { sequence: 99, date: kit.clock.now - 60_000 });
    await kit.answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is applied although the last one was recorded while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 48 * 3_600_000;
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.clock.now = real + 60_000;
    await kit.answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer replaces an earlier one of its batch that arrived while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 5_000;
    await kit.answer('ACCEPTED');
    await kit.settle(['incoming']);
    kit.clock.now = real;
    await kit.answer('DECLINED');
    await kit.settle(['incoming']);
    const batch = await kit.claim(real + 5_000);
    kit.clock.now = real + 3_000;
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is applied although the process died before it recorded the previous one', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await kit.answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    await kit.answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle(['incoming']);
    const batch = await kit.claim(kit.clock.now);
    await kit.handlers.event(batch);
    // The process dies between the PUT and the commit; the next answer was sent before the PUT.
    await kit.answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer is applied although the response to the previous PUT was lost', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await kit.answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await kit.answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle();
    await kit.answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer for Bob at the reply address of Carol is held as another attendee’s', async () => {
    const raw = answerMail({
      attendee: bob.asWritten,
      organizer: kit.replyTo(carol),
      uid,
      partstat: 'ACCEPTED',
      date: kit.clock.now,
    });
    await kit.mail(raw, kit.replyTo(carol), bob.asWritten);
    await kit.settle();
    const [entry] = (await kit.entries(carol.key)).filter(({ verdict }) => verdict === 'held');
    expect(entry).toMatchObject({
      reason: 'another-attendee',
      detail: expect.stringContaining('for another attendee'),
    });
    expect(kit.calendar.text(uid)).toBe(event());
  });
});
