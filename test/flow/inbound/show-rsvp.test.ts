// What the page is told of an answer that was not alone: two clicks on one button, two on different ones.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerRsvp } from '../../../src/flow/inbound/show-rsvp.ts';
import type { WebOutcome } from '../../../src/flow/use-cases.ts';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../flow-kit.ts';

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

/** All at once, worked as one batch; what each of their pages is told. */
async function click(uid: string, ...partstats: Partstat[]): Promise<WebOutcome[]> {
  kit.calendar.put(uid, meeting({ uid, organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] }));
  const claims = { uid, recurrenceId: null, attendee: bob.asWritten, organizer: alice.asWritten, expiresAt: Infinity };
  const answers = partstats.map((partstat) =>
    answerRsvp({ ...kit, store: kit.calendar }, claims, { partstat, comment: null, sequence: 0, wholeSeries: false }),
  );
  await expect.poll(async () => (await kit.spool.status())[1]?.waiting).toBe(partstats.length);
  await kit.settle();
  kit.outcomes.publish((await kit.entries(uid)).map((entry) => ({ kind: 'entry', entry })));
  return Promise.all(answers);
}

it('two clicks on one button are both recorded: nothing has changed in between', async () => {
  expect(await click('same@example.com', 'ACCEPTED', 'ACCEPTED')).toEqual(['recorded', 'recorded']);
  expect(kit.calendar.text('same@example.com')).toContain('PARTSTAT=ACCEPTED');
});

it('of two different ones the page of the first shows the event once more', async () => {
  expect(await click('other@example.com', 'ACCEPTED', 'DECLINED')).toEqual([{ refused: 'stale' }, 'recorded']);
  expect(kit.calendar.text('other@example.com')).toContain('PARTSTAT=DECLINED');
});
