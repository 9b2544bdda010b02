// Own-domain mode: mail to the organizer's own addresses.
import { describe, expect, it } from 'vitest';
import { answerMail } from '../../harness/answers.ts';
import { alice, bob, carol, openFlowKit } from '../flow-kit.ts';
import { event, uid } from '../one-event.ts';

describe('own-domain mode', () => {
  it('counts a mail to several addresses of one organizer as one answer', async () => {
    const addresses = [alice.asWritten, 'team@example.com'];
    const kit = await openFlowKit({ replyDomain: null, ownRecipients: addresses });
    kit.calendar.put(uid, event());
    kit.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom], dmarc: { result: 'pass', policy: 'reject' } });
    const { asWritten: attendee } = bob;
    const answer = { attendee, organizer: alice.asWritten, uid, partstat: 'ACCEPTED', date: kit.clock.now } as const;
    await kit.mail(answerMail(answer), addresses);
    await kit.settle();
    expect(await kit.reasons(uid)).toEqual(['applied applied', 'mailed notice']);
    await kit.close();
  });

  it('applies proven calendar mail and records no other mail', async () => {
    const kit = await openFlowKit({ replyDomain: null, ownRecipients: [alice.asWritten] });
    kit.calendar.put(uid, event());
    kit.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom], dmarc: { result: 'pass', policy: 'reject' } });
    await kit.mail(
      answerMail({
        attendee: bob.asWritten,
        organizer: alice.asWritten,
        uid,
        partstat: 'ACCEPTED',
        date: kit.clock.now,
      }),
      alice.asWritten,
    );
    const privateMail = await kit.mail(
      Buffer.from(`From: <${bob.asWritten}>\r\nSubject: Lunch\r\n\r\nLunch?\r\n`),
      alice.asWritten,
    );
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    expect(await kit.reasons(privateMail)).toEqual([]);
    kit.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom] });
    await kit.mail(
      answerMail({
        attendee: carol.asWritten,
        organizer: alice.asWritten,
        uid,
        partstat: 'ACCEPTED',
        date: kit.clock.now,
      }),
      alice.asWritten,
      carol.asWritten,
    );
    await kit.settle();
    expect(await kit.reasons(carol.key)).toEqual(['held unauthenticated']);
    await kit.close();
  });
});
