// An answer whose event is missing: it is tried again for a quarter of an hour, then held.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../flow-kit.ts';
import { type OneEvent, openOneEvent, uid } from '../../one-event.ts';

describe('a missing event', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('an answer waits for a missing event, then is held and reported', async () => {
    kit.calendar.events.delete(uid);
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('retried unknown-event');
    // A clock that is set forward does not shorten the wait.
    kit.clock.now += 48 * 3_600_000;
    for (let tries = 2; tries <= 45; tries += 1) {
      await kit.settle();
      expect(await kit.reasons(uid)).not.toContain('held unknown-event');
      kit.clock.now += 20_000;
    }
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('held unknown-event');
    expect(kit.mails.some(({ rcptTo }) => rcptTo === alice.asWritten)).toBe(true);
  });
});
