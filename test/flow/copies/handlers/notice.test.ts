// A notice that has waited for its digest: all notices of a batch are one mail, and the event is not written.
import { expect, it } from 'vitest';
import { alice, bob, carol } from '../../flow-kit.ts';
import { event, openOneEvent, uid } from '../../one-event.ts';

it('mails the notices that are due together in one mail', async () => {
  const kit = await openOneEvent();
  const origin = { recordId: 'r', door: 'smtp', messageId: null } as const;
  const common = { kind: 'notice', origin, owner: alice, uid } as const;
  const answered = { kind: 'answer', comment: null, recurrenceId: null } as const;
  await kit.put({ ...common, notice: { ...answered, attendee: bob, partstat: 'ACCEPTED' } });
  await kit.put({ ...common, notice: { ...answered, attendee: carol, partstat: 'DECLINED' } });
  await kit.settle();
  const [digest, ...others] = await kit.mailsTo(alice);
  expect(digest?.text).toMatch(/bob.*accepted[^]*carol.*declined/);
  expect(others).toEqual([]);
  expect(kit.calendar.text(uid)).toBe(event());
  await kit.close();
});
