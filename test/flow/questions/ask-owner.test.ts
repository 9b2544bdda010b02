// Questions to the organizer about held answers: a few mails per day, and a summary of the others.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideHeld } from '../../../src/flow/questions/decide-held.ts';
import { explain } from '../../../src/flow/questions/explain.ts';
import { senderKey } from '../../../src/flow/records/question.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../flow-kit.ts';

const uid = 'planning@example.com';
const event = meeting({ uid, organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] });
const HOUR = 3_600_000;
const SIX_HOURS = 6 * HOUR;

describe('answers of many invented senders', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event);
    await kit.invite(event, bob);
    await kit.settle();
    kit.mails.length = 0;
  });
  afterEach(() => kit.close());

  const stranger = (number: number): string => `stranger-${number}@private.test`;
  const forge = async (number: number, about = uid): Promise<void> => {
    const to = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN).address;
    const messageId = `<forged-${number}@private.test>`;
    const facts = { attendee: bob.asWritten, organizer: to, uid: about, date: kit.clock.now, messageId } as const;
    const raw = Buffer.from(answerMail({ ...facts, partstat: 'ACCEPTED' })).toString();
    await kit.mail(Buffer.from(raw.replace(/^From: .*$/m, `From: <${stranger(number)}>`)), to, stranger(number));
  };
  const flood = async (count: number, about?: (number: number) => string): Promise<void> => {
    for (let number = 1; number <= count; number += 1) await forge(number, about?.(number));
    await kit.settle();
  };
  /** The number of one sender whose question goes into the summary. */
  const findDeferred = async (): Promise<number> => {
    const entry = (await kit.entries(uid)).find(({ reason }) => reason === 'asked-together');
    return Number(/^<forged-(\d+)@/.exec(entry?.messageId ?? '')?.[1]);
  };
  const links = (text: string): number => text.match(/\/decide\/\?token=/g)?.length ?? 0;

  it('about one event cause five mails and later a summary', async () => {
    await flood(20);
    for (let hour = 0; hour < 6; hour += 1) {
      expect(await kit.mailsTo(alice)).toHaveLength(5);
      kit.clock.now += HOUR;
      await kit.settle();
    }
    const [summary, ...others] = (await kit.mailsTo(alice)).slice(5);
    expect(others).toEqual([]);
    expect(summary?.subject).toBe('Please decide: 15 answers');
    expect(links(summary?.text ?? '')).toBe(15);
    expect(summary?.text).toMatch(/^stranger-\d+@private.test sent an answer for bob@remote.test\./m);
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    expect(await kit.mailsTo(alice)).toHaveLength(6);
  });

  it('about invented events cause twenty mails and later a summary', async () => {
    await flood(30, (number) => `invented-${number}@private.test`);
    expect(await kit.mailsTo(alice)).toHaveLength(20);
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    expect(await kit.mailsTo(alice)).toHaveLength(21);
  });

  it('are continued in the next summary if one is full', async () => {
    await flood(60);
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    const [first, second, ...others] = (await kit.mailsTo(alice)).slice(5);
    expect([first, second].map((mail) => [mail?.subject, links(mail?.text ?? '')])).toEqual([
      ['Please decide: 55 answers', 30],
      ['Please decide: 25 answers', 25],
    ]);
    expect(others).toEqual([]);
  });

  it('are in the ledger under their Message-IDs', async () => {
    await flood(6);
    const late = `<forged-${await findDeferred()}@private.test>`;
    expect(await explain(kit.ledger, late)).toContainEqual(
      expect.objectContaining({
        verdict: 'retried',
        reason: 'asked-together',
        detail: expect.stringMatching(
          /^Daily limit of decision mails reached; .* at 2027-01-10T18:00:00.000Z/,
        ) as string,
      }),
    );
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    expect(await explain(kit.ledger, late)).toContainEqual(
      expect.objectContaining({ verdict: 'recorded', reason: 'asked-together' }),
    );
  });

  it('are left out of the summary if they have been decided', async () => {
    await flood(7);
    const key = senderKey(alice, bob, stranger(await findDeferred()));
    const claims = { holdKey: key, organizer: alice.asWritten, expiresAt: 1 };
    expect(await decideHeld(kit, claims, 'ignore')).toBe('done');
    kit.clock.now += SIX_HOURS;
    await kit.settle();
    expect((await kit.mailsTo(alice)).at(-1)?.subject).toBe('Please decide: 1 answer');
  });

  it('cause separate mails again on the next day', async () => {
    await flood(6);
    kit.clock.now += 86_400_000;
    await forge(7);
    await kit.settle();
    const subjects = (await kit.mailsTo(alice)).slice(5).map(({ subject }) => subject);
    expect(subjects.sort()).toEqual(['Please decide: 1 answer', 'Please decide: Planning']);
  });
});
