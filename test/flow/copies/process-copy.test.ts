// Answers are written into the event: in one PUT, after conflicts and outages, and once although a process dies.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, carol } from '../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../one-event.ts';

describe('writing answers', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('answers that are due together are written in one PUT and reported in one mail', async () => {
    await kit.answer('ACCEPTED');
    await kit.answer('DECLINED', { attendee: carol });
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(
      event()
        .replace(/NEEDS-ACTION(.*bob)/, 'ACCEPTED$1')
        .replace(/NEEDS-ACTION(.*carol)/, 'DECLINED$1'),
    );
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
  });

  it('an answer is decided again after a conflict, on what the other client wrote', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      kit.calendar.put(uid, event().replace('SUMMARY:Planning', 'SUMMARY:Planning, moved to the garden'));
      return null;
    };
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('SUMMARY:Planning, moved to the garden');
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer is written once although the response to the PUT was lost', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(await kit.reasons(uid)).toContain('applied applied');
  });

  it('an answer has the same outcome after a crash between the PUT and the commit', async () => {
    await kit.answer('ACCEPTED', { date: kit.clock.now - 2_000 });
    await kit.answer('DECLINED', { date: kit.clock.now - 1_000 });
    await kit.settle(['incoming']);
    const batch = await kit.claim(kit.clock.now);
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    // The process dies here: nothing is committed, and the lease expires.
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    const reasons = await kit.reasons(uid);
    expect(reasons.filter((reason) => reason.startsWith('held'))).toEqual([]);
    expect(reasons.filter((reason) => reason === 'applied applied')).toHaveLength(1);
  });

  it('an answer is kept during an outage of the CalDAV server', async () => {
    kit.calendar.isDown = true;
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.calendar.isDown = false;
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer from the RSVP page is decided in the same way', async () => {
    const id = await kit.click(uid, bob, 'TENTATIVE');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect(await kit.reasons(id)).toEqual(['applied applied', 'mailed notice']);
  });
});
