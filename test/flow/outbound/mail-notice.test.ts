// DISPLAY_TIMEZONE: the invitation and the notice to the organizer show times in UTC in the same zone.
import { expect, it } from 'vitest';
import { alice, bob, openFlowKit } from '../flow-kit.ts';
import { event, uid } from '../one-event.ts';

it.each([
  ['Europe/Paris', '11:00 AM – 12:00 PM (Central European Time)'],
  ['UTC', '10:00 – 11:00 AM (UTC)'],
])('shows times in %s', async (timezone, shown) => {
  const kit = await openFlowKit({ timezone });
  kit.calendar.put(uid, event());
  await kit.invite(event(), bob);
  await kit.click(uid, bob, 'ACCEPTED');
  await kit.settle();
  const [invitation] = await kit.mailsTo(bob);
  const [notice] = await kit.mailsTo(alice);
  expect(invitation?.text).toContain(shown);
  expect(notice?.text).toContain(shown);
  await kit.close();
});
