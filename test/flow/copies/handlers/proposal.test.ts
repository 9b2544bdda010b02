// A proposal of another time: reported to the organizer, declined by a link, never written into the event.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDecision, decideHeld } from '../../../../src/flow/questions/decide-held.ts';
import { expireQuestions } from '../../../../src/flow/questions/expire-questions.ts';
import { replyAddress } from '../../../../src/core/signing/reply-address.ts';
import { meeting } from '../../../harness/calendar-server.ts';
import { alice, bob, carol, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../../flow-kit.ts';

const uid = 'planning@example.com';
const event = meeting({
  uid,
  organizer: alice.asWritten,
  attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
});

describe('a proposal', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event);
    await kit.invite(event, bob);
    await kit.settle();
  });
  afterEach(() => kit.close());

  const propose = async (hour: number, from = bob.asWritten, about: readonly string[] = []): Promise<void> => {
    const to = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN).address;
    const lines = [
      `From: <${from}>`,
      `To: <${to}>`,
      `Message-ID: <counter-${hour}@remote.test>`,
      'Content-Type: text/calendar; method=COUNTER; charset=utf-8',
      '',
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:COUNTER',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      ...about,
      'DTSTAMP:20270110T100000Z',
      `DTSTART:20270301T${hour}0000Z`,
      `DTEND:20270301T${hour + 1}0000Z`,
      `ORGANIZER:mailto:${to}`,
      `ATTENDEE:mailto:${bob.asWritten}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ];
    await kit.mail(Buffer.from(lines.join('\r\n')), to, from);
    await kit.settle();
  };
  const declines = async () => (await kit.mailsTo(bob)).filter(({ calendar }) => calendar.includes('DECLINECOUNTER'));

  it('is shown behind the link in its notice and does not change the event', async () => {
    await propose(14);
    const claims = await kit.question();
    expect(await readDecision(kit, claims)).toMatchObject({
      asks: 'proposal',
      attendee: bob.asWritten,
      answers: [{ partstat: null, proposal: { start: { local: '20270301T140000' } } }],
    });
    expect(await kit.reasons(uid)).toContain('recorded proposal');
    expect(kit.calendar.writes).toBe(0);
  });

  it('is declined by one mail to the attendee, with the same reply address as before', async () => {
    await propose(14);
    expect(await decideHeld(kit, await kit.question(), 'decline')).toBe('done');
    await kit.settle();
    const [mail, ...more] = await declines();
    expect(more).toEqual([]);
    expect(mail?.subject).toMatch(/^Proposal declined: /);
    expect(mail?.calendar).toMatch(/METHOD:DECLINECOUNTER[\s\S]*UID:planning@example\.com/);
    expect(mail?.text).toContain('10:00');
    expect(mail?.calendar).not.toMatch(/DTSTART|ATTENDEE/);
    const to = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN).address;
    expect(mail?.calendar).toContain(`:mailto:${to}`);
    expect(mail?.calendar).not.toContain(carol.asWritten);
    expect(kit.calendar.writes).toBe(0);
    expect(await decideHeld(kit, await kit.question(), 'decline')).toBe('already-decided');
    expect(await kit.reasons(uid)).toEqual(expect.arrayContaining(['decided decline', 'mailed decline']));
  });

  it('for an occurrence that does not exist is refused without a question', async () => {
    kit.mails.length = 0;
    await propose(14, bob.asWritten, ['RECURRENCE-ID:20270401T100000Z']);
    expect(await kit.reasons(uid)).toContain('refused no-such-occurrence');
    expect(kit.mails).toEqual([]);
  });

  it('for the only occurrence of an event, by its time, causes a question', async () => {
    await propose(14, bob.asWritten, ['RECURRENCE-ID:20270301T100000Z']);
    expect(await readDecision(kit, await kit.question())).toMatchObject({ asks: 'proposal' });
  });

  it('that the organizer leaves causes no mail', async () => {
    await propose(14);
    expect(await decideHeld(kit, await kit.question(), 'leave')).toBe('done');
    await kit.settle();
    expect(await declines()).toEqual([]);
    expect(await readDecision(kit, await kit.question())).toBeNull();
  });

  it('and a later one of the same attendee need one decision and cause one mail', async () => {
    await propose(14);
    await propose(16);
    const claims = await kit.question();
    expect((await readDecision(kit, claims))?.answers).toHaveLength(2);
    expect(await decideHeld(kit, claims, 'decline')).toBe('done');
    await kit.settle();
    expect(await declines()).toHaveLength(1);
  });

  it('can be declined repeatedly, and the next change is still mailed as an update', async () => {
    for (const hour of [14, 15]) {
      await propose(hour);
      await decideHeld(kit, await kit.question(), 'decline');
      await kit.settle();
      kit.clock.now += 1_000;
    }
    expect(await declines()).toHaveLength(2);
    await kit.invite(
      event.replace('SUMMARY:Planning', 'SUMMARY:Planning, at length').replace('SEQUENCE:0', 'SEQUENCE:1'),
      bob,
    );
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('mailed update');
  });

  it('that is never decided expires with its link', async () => {
    await propose(14);
    const [soon, late] = [kit.clock.now + 29 * 86_400_000, kit.clock.now + 31 * 86_400_000];
    expect(await expireQuestions(kit.spool, soon)).toBe(0);
    expect(await expireQuestions(kit.spool, late)).toBe(1);
    expect(await readDecision(kit, await kit.question())).toBeNull();
    expect((await kit.entries(bob.key)).at(-1)).toMatchObject({ verdict: 'ignored', reason: 'undecided' });
  });

  it('of an unproven sender needs a decision about the sender first', async () => {
    await propose(14, 'robert@private.test');
    expect(await readDecision(kit, await kit.question())).toMatchObject({ asks: 'sender' });
    await decideHeld(kit, await kit.question(), 'once');
    await kit.settle();
    expect(await readDecision(kit, await kit.question())).toMatchObject({ asks: 'proposal' });
  });
});
