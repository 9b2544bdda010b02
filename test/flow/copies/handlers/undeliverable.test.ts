// Bounces: what they write into the event, whom they notify, and when they end.
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob } from '../../flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../../one-event.ts';

describe('an invitation that cannot be delivered', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('a bounce sets SCHEDULE-STATUS of the attendee and notifies the organizer', async () => {
    const [mailing] = (await kit.ledger.copyContext(alice.key, uid, [bob.key])).mailings;
    expect(mailing).toBeDefined();
    kit.relay.verdict = ({ rcptTo }) =>
      rcptTo === bob.asWritten
        ? { kind: 'refused', status: 550, response: '550 5.1.1 no such user' }
        : { kind: 'accepted', response: 'ok' };
    const moved = event([], 1).replaceAll('20270301', '20270302');
    kit.calendar.put(uid, moved);
    await kit.invite(moved, bob);
    await kit.settle();
    expect(kit.calendar.text(uid)).toMatch(/ATTENDEE[^\r\n]*SCHEDULE-STATUS="?5\.1"?[^\r\n]*bob/);
    expect(await kit.reasons(uid)).toEqual(
      expect.arrayContaining(['not-mailed refused-by-relay', 'bounced undeliverable']),
    );
    const notice = kit.mails.find(({ rcptTo }) => rcptTo === alice.asWritten);
    expect((await simpleParser(Buffer.from(notice?.raw ?? ''))).text).toMatch(/(?<!550.*)550 5\.1\.1 no such user/);
  });

  it('a bounce is reported once, and an answer of the attendee ends the suppression', async () => {
    const moved = event([], 1).replaceAll('20270301', '20270302');
    kit.calendar.put(uid, moved);
    await kit.invite(moved, bob);
    await kit.settle();
    const bounce = kit.mails.find(({ rcptTo }) => rcptTo === bob.asWritten);
    const report = [
      'From: <mailer-daemon@remote.test>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.remote.test',
      '',
      'Final-Recipient: rfc822; bob@remote.test',
      'Action: failed',
      'Status: 5.1.1',
      '',
      '--b--',
      '',
    ].join('\r\n');
    for (let times = 0; times < 3; times += 1) {
      await kit.mail(Buffer.from(report), bounce?.mailFrom ?? '', '');
      await kit.settle();
    }
    const reasons = await kit.reasons(bob.key);
    expect(reasons.filter((reason) => reason === 'bounced undeliverable')).toHaveLength(1);
    expect(reasons.filter((reason) => reason === 'ignored reported-before')).toHaveLength(2);
    expect(await kit.ledger.suppressed(alice.key, bob.key)).toContain('5.1.1');
    await kit.answer('ACCEPTED', { sequence: 1 });
    await kit.settle();
    expect(await kit.ledger.suppressed(alice.key, bob.key)).toBeNull();
  });
});
