// What `imip-gateway why` tells, by whatever name one asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/flow/explain.ts';
import { replyAddress } from '../../src/rsvp/reply-address.ts';
import { answerMail } from '../system/answers.ts';
import { meeting } from '../system/calendar-server.ts';
import { alice, bob, carol, type FlowKit, openFlowKit, REPLY_DOMAIN } from './flow-kit.ts';

const uid = 'planning@example.com';

describe('why', () => {
  let kit: FlowKit;
  beforeAll(async () => {
    kit = await openFlowKit();
    const text = meeting({
      uid,
      organizer: alice.asWritten,
      attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
    });
    kit.calendar.put(uid, text);
    await kit.invite(text, bob);
    await kit.settle();
    const { address } = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN);
    for (const [from, messageId] of [
      [bob.asWritten, '<good@remote.test>'],
      ['mallory@elsewhere.test', '<bad@elsewhere.test>'],
    ] as const) {
      const raw = Buffer.from(
        answerMail({
          attendee: bob.asWritten,
          organizer: address,
          uid,
          partstat: 'ACCEPTED',
          date: kit.clock.now,
          messageId,
        }),
      );
      await kit.mail(Buffer.from(raw.toString().replace(/^From: .*$/m, `From: <${from}>`)), address, from);
      await kit.settle();
      kit.clock.now += 1_000;
    }
  });
  afterAll(() => kit.close());

  it.each([
    ['a Message-ID', '<good@remote.test>', ['applied: applied', 'mailed: notice'], ['held:']],
    ['a Message-ID without brackets', 'bad@elsewhere.test', ['held: unauthenticated', 'mailed: notice'], ['applied:']],
    ['a UID', uid, ['mailed: invitation', 'applied: applied', 'held: unauthenticated'], []],
    ['an address in any spelling', 'MAILTO:bob@REMOTE.test', ['mailed: invitation', 'applied: applied'], []],
  ])('tells the whole story of %s, oldest first', async (_what, subject, told, untold) => {
    const text = await explain(kit.ledger, subject);
    for (const line of told) expect(text).toContain(line);
    for (const line of untold) expect(text).not.toContain(line);
    const times = [...text.matchAll(/^(\d{4}-\S+)/gm)].map(([, time]) => time);
    expect(times).toEqual(times.toSorted());
  });

  it('lets no control character of a stranger reach the terminal', async () => {
    const odd = 'odd\u001b[2J\u0007\u202e@example.com';
    kit.relay.verdict = () => ({ kind: 'refused', response: '554 5.7.1 \u001b[31mspam', status: 554 });
    await kit.invite(meeting({ uid: odd, organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] }), bob);
    await kit.settle();
    const text = await explain(kit.ledger, odd);
    expect(text).toContain('not-mailed: refused-by-relay');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('says so where it knows nothing', async () => {
    expect(await explain(kit.ledger, carol.asWritten)).toMatch(/^Nothing in the ledger is about carol@remote\.test\./);
  });
});
