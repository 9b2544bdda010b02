// NOTIFY_ORGANIZER: which answers are reported at once, in a summary, or not at all.
import { describe, expect, it } from 'vitest';
import { bob, carol, openFlowKit } from '../flow-kit.ts';
import { event, uid } from '../one-event.ts';

describe('NOTIFY_ORGANIZER', () => {
  it.each([
    ['digest', 1],
    ['held', 0],
  ] as const)('%s: two answers cause %i mails', async (notify, count) => {
    const kit = await openFlowKit({ notify });
    kit.calendar.put(uid, event());
    await kit.click(uid, bob, 'ACCEPTED');
    await kit.settle();
    kit.clock.now += 60_000;
    await kit.click(uid, carol, 'DECLINED');
    await kit.settle();
    expect(kit.mails).toHaveLength(0);
    kit.clock.now += 16 * 60_000;
    await kit.settle();
    expect(kit.mails).toHaveLength(count);
    await kit.close();
  });
});
