// Which ledger entries `imip-gateway why` finds for each kind of subject.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../../src/flow/ports/spool.ts';
import { explain } from '../../../src/flow/questions/explain.ts';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../flow-kit.ts';

const uid = 'planning@example.com';
const outcomeOf = ({ verdict, reason }: LedgerEntry): string => `${verdict}: ${reason}`;

describe('explain', () => {
  let kit: FlowKit;
  const calendar = meeting({
    uid,
    organizer: alice.asWritten,
    attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
  });
  const answer = async (from: string, messageId: string, partstat: Partstat = 'ACCEPTED'): Promise<void> => {
    const { address } = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN);
    const facts = { attendee: bob.asWritten, organizer: address, uid, date: kit.clock.now, messageId } as const;
    const raw = Buffer.from(answerMail({ ...facts, partstat })).toString();
    await kit.mail(Buffer.from(raw.replace(/^From: .*$/m, `From: <${from}>`)), address, from);
    await kit.settle();
  };

  beforeAll(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, calendar);
    await kit.invite(calendar, bob);
    await kit.settle();
    await answer(bob.asWritten, '<good@remote.test>');
    kit.clock.now += 1_000;
    await answer('mallory@elsewhere.test', '<bad@elsewhere.test>');
    kit.clock.now += 1_000;
  });
  afterAll(() => kit.close());

  it.each([
    ['a Message-ID', '<good@remote.test>', ['applied: applied', 'mailed: notice'], /^held:/],
    ['a Message-ID without brackets', 'bad@elsewhere.test', ['held: unauthenticated', 'mailed: notice'], /^applied:/],
    ['a UID', uid, ['mailed: invitation', 'applied: applied', 'held: unauthenticated'], null],
    ['an address in any spelling', 'MAILTO:bob@REMOTE.test', ['mailed: invitation', 'applied: applied'], null],
  ])('returns all entries about %s, oldest first', async (_what, subject, expected, excluded) => {
    const entries = await explain(kit.ledger, subject);
    const outcomes = entries.map(outcomeOf);
    expect(outcomes).toEqual(expect.arrayContaining(expected));
    if (excluded !== null) expect(outcomes.filter((outcome) => excluded.test(outcome))).toEqual([]);
    const times = entries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('includes the overwrites of an answer, but not those of other answers', async () => {
    const overwritten = async (messageId: string): Promise<number> =>
      (await explain(kit.ledger, messageId)).filter((entry) => outcomeOf(entry) === 'applied: overwritten').length;
    for (const [messageId, partstat] of [
      ['<first@remote.test>', 'DECLINED'],
      ['<second@remote.test>', 'TENTATIVE'],
    ] as const) {
      await answer(bob.asWritten, messageId, partstat);
      kit.calendar.put(uid, calendar);
      kit.clock.now += 1_000;
      await kit.settle();
      expect(await overwritten(messageId)).toBe(1);
      kit.clock.now += 1_000;
    }
    expect(await overwritten('<first@remote.test>')).toBe(1);
    expect(await overwritten('<good@remote.test>')).toBe(0);
    expect(await overwritten('<bad@elsewhere.test>')).toBe(0);
  });

  it('finds an event whose UID has control characters', async () => {
    const odd = 'odd\u001b[2J\u0007\u202e@example.com';
    kit.relay.verdict = () => ({ kind: 'refused', response: '554 5.7.1 \u001b[31mspam', status: 554 });
    await kit.invite(meeting({ uid: odd, organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] }), bob);
    await kit.settle();
    expect((await explain(kit.ledger, odd)).map(outcomeOf)).toContain('not-mailed: refused-by-relay');
  });

  it('returns no entries for a subject that is not in the ledger', async () => {
    expect(await explain(kit.ledger, carol.asWritten)).toEqual([]);
  });
});
