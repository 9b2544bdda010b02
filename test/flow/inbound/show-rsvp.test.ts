// The outcomes of two clicks at the same time: on the same button, and on different buttons.
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

/** Submits the answers together, so that they are one batch; returns the outcome for each page. */
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

it('two clicks on the same button are both recorded', async () => {
  expect(await click('same@example.com', 'ACCEPTED', 'ACCEPTED')).toEqual(['recorded', 'recorded']);
  expect(kit.calendar.text('same@example.com')).toContain('PARTSTAT=ACCEPTED');
});

it('of two clicks on different buttons, the first is refused as stale and the second is recorded', async () => {
  expect(await click('other@example.com', 'ACCEPTED', 'DECLINED')).toEqual([{ refused: 'stale' }, 'recorded']);
  expect(kit.calendar.text('other@example.com')).toContain('PARTSTAT=DECLINED');
});
