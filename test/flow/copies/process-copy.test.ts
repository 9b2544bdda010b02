// Answers to one event: concurrent writes, crashes, overwrites, outages, decisions and bounces.
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideAndWait, decideHeld, readDecision } from '../../../src/flow/questions/decide-held.ts';
import { senderKey } from '../../../src/flow/records/question.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../flow-kit.ts';

const uid = 'planning@example.com';
/** Later than any answer here. */
const MODIFIED = 'LAST-MODIFIED:20270110T120500Z';
const event = (extra: readonly string[] = [], sequence = 0): string =>
  meeting({
    uid,
    organizer: alice.asWritten,
    attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
    extra,
    sequence,
  });

describe('one event', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event());
    await kit.invite(event(), bob);
    await kit.invite(event(), carol);
    await kit.settle();
    kit.mails.length = 0;
  });
  afterEach(() => kit.close());

  const replyTo = (attendee = bob): string =>
    replyAddress(kit.ring, { organizer: alice, attendee }, REPLY_DOMAIN).address;
  const answer = (
    partstat: 'ACCEPTED' | 'DECLINED' | 'TENTATIVE',
    facts: { attendee?: typeof bob; date?: number; from?: string; messageId?: string; sequence?: number } = {},
  ) => {
    const attendee = facts.attendee ?? bob;
    const raw = answerMail({
      organizer: replyTo(attendee),
      uid,
      partstat,
      date: kit.clock.now,
      ...facts,
      attendee: attendee.asWritten,
    });
    return kit.mail(raw, replyTo(attendee), facts.from ?? attendee.asWritten);
  };

  /** Claims the lane of the event for a second. */
  const claim = async (now: number) => {
    const limits = { lanes: 1, perLane: 100, leaseMs: 1_000, longestWaitMs: 3_600_000, now };
    const [batch] = await kit.spool.claim('event', limits);
    if (batch === undefined) throw new TypeError('no batch');
    return batch;
  };

  it('answers that are due together are written in one PUT and reported in one mail', async () => {
    await answer('ACCEPTED');
    await answer('DECLINED', { attendee: carol });
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(
      event()
        .replace(/NEEDS-ACTION(.*bob)/, 'ACCEPTED$1')
        .replace(/NEEDS-ACTION(.*carol)/, 'DECLINED$1'),
    );
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
  });

  it('an answer replaces an earlier one of its batch, even one with a higher SEQUENCE', async () => {
    await answer('ACCEPTED', { sequence: 99, date: kit.clock.now - 60_000 });
    await answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is applied although the last one was recorded while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 48 * 3_600_000;
    await answer('ACCEPTED');
    await kit.settle();
    kit.clock.now = real + 60_000;
    await answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer replaces an earlier one of its batch that arrived while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 5_000;
    await answer('ACCEPTED');
    await kit.settle(['incoming']);
    kit.clock.now = real;
    await answer('DECLINED');
    await kit.settle(['incoming']);
    const batch = await claim(real + 5_000);
    kit.clock.now = real + 3_000;
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is decided again after a conflict, on what the other client wrote', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      kit.calendar.put(uid, event().replace('SUMMARY:Planning', 'SUMMARY:Planning, moved to the garden'));
      return null;
    };
    await answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('SUMMARY:Planning, moved to the garden');
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer is written once although the response to the PUT was lost', async () => {
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await answer('ACCEPTED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(await kit.reasons(uid)).toContain('applied applied');
  });

  it('an answer is applied although the process died before it recorded the previous one', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    await answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle(['incoming']);
    const batch = await claim(kit.clock.now);
    await kit.handlers.event(batch);
    // The process dies between the PUT and the commit; the next answer was sent before the PUT.
    await answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer is applied although the response to the previous PUT was lost', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle();
    await answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer has the same outcome after a crash between the PUT and the commit', async () => {
    await answer('ACCEPTED', { date: kit.clock.now - 2_000 });
    await answer('DECLINED', { date: kit.clock.now - 1_000 });
    await kit.settle(['incoming']);
    const batch = await claim(kit.clock.now);
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    // The process dies here: nothing is committed, and the lease expires.
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    const reasons = await kit.reasons(uid);
    expect(reasons.filter((reason) => reason.startsWith('held'))).toEqual([]);
    expect(reasons.filter((reason) => reason === 'applied applied')).toHaveLength(1);
  });

  it('an answer is applied again after a stale copy has overwritten it, and the ledger says so', async () => {
    await answer('ACCEPTED');
    await kit.settle();
    kit.calendar.put(uid, event());
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    expect(await kit.reasons(uid)).toContain('applied overwritten');
  });

  it('the event is re-read later if answers are processed late', async () => {
    // The invitation adds a re-read of its own.
    kit.clock.now += 10_000;
    await kit.settle();
    await answer('ACCEPTED');
    await kit.settle(['incoming']);
    kit.clock.now += 2_000;
    await kit.settle();
    kit.calendar.put(uid, event());
    const isReread = async (after: number): Promise<boolean> => {
      kit.clock.now += after;
      const before = kit.calendar.finds;
      await kit.settle();
      return kit.calendar.finds > before;
    };
    expect(await isReread(20_500)).toBe(false);
    expect(await isReread(1_000)).toBe(true);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('the event is re-read again if an answer was written together with a re-read', async () => {
    await answer('ACCEPTED');
    await kit.settle();
    kit.clock.now += 1_500;
    await answer('DECLINED');
    await kit.settle();
    kit.calendar.put(uid, event());
    kit.clock.now += 10_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
  });

  it('an answer is applied again at most five times in a row', async () => {
    await answer('ACCEPTED');
    await kit.settle();
    for (let round = 0; round < 8; round += 1) {
      kit.calendar.put(uid, event());
      kit.clock.now += 1_500;
      await kit.settle();
    }
    expect((await kit.reasons(uid)).filter((reason) => reason === 'applied overwritten')).toHaveLength(5);
    expect((await kit.entries(uid)).at(-1)?.detail).toContain('the last one');
  });

  it('an answer is applied again if only the server (SOGo) has raised SEQUENCE above the mailed one', async () => {
    const moved = (sequence: number): string => event([], sequence).replaceAll('20270301T1', '20270302T1');
    await kit.invite(moved(1), bob);
    kit.calendar.put(uid, moved(2));
    kit.clock.now += 10_000;
    await kit.settle();
    await answer('ACCEPTED', { sequence: 1 });
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    kit.calendar.put(uid, moved(2));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    kit.calendar.put(uid, moved(3));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).not.toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer that is reset together with a new SEQUENCE is not applied again', async () => {
    await answer('ACCEPTED');
    await kit.settle();
    kit.calendar.put(uid, event([], 1));
    kit.clock.now += 1_500;
    await kit.settle();
    expect(kit.calendar.text(uid)).not.toContain('ACCEPTED');
  });

  it('an answer waits for a missing event, then is held and reported', async () => {
    kit.calendar.events.delete(uid);
    await answer('ACCEPTED');
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('retried unknown-event');
    // A clock that is set forward does not shorten the wait.
    kit.clock.now += 48 * 3_600_000;
    for (let tries = 2; tries <= 45; tries += 1) {
      await kit.settle();
      expect(await kit.reasons(uid)).not.toContain('held unknown-event');
      kit.clock.now += 20_000;
    }
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('held unknown-event');
    expect(kit.mails.some(({ rcptTo }) => rcptTo === alice.asWritten)).toBe(true);
  });

  it('an answer is kept during an outage of the CalDAV server', async () => {
    kit.calendar.isDown = true;
    await answer('ACCEPTED');
    await kit.settle();
    kit.calendar.isDown = false;
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('an answer for Bob at the reply address of Carol is held as another attendee’s', async () => {
    const raw = answerMail({
      attendee: bob.asWritten,
      organizer: replyTo(carol),
      uid,
      partstat: 'ACCEPTED',
      date: kit.clock.now,
    });
    await kit.mail(raw, replyTo(carol), bob.asWritten);
    await kit.settle();
    const [entry] = (await kit.entries(carol.key)).filter(({ verdict }) => verdict === 'held');
    expect(entry).toMatchObject({
      reason: 'another-attendee',
      detail: expect.stringContaining('for another attendee'),
    });
    expect(kit.calendar.text(uid)).toBe(event());
  });

  describe('held answers', () => {
    const stranger = 'bob@private.test';
    const forged = (partstat: 'ACCEPTED' | 'DECLINED') => {
      const raw = Buffer.from(
        answerMail({ attendee: bob.asWritten, organizer: replyTo(), uid, partstat, date: kit.clock.now }),
      );
      return kit.mail(Buffer.from(raw.toString().replace(/^From: .*$/m, `From: <${stranger}>`)), replyTo(), stranger);
    };
    const key = senderKey(alice, bob, stranger);
    const claims = (expiresAt: number) => ({ holdKey: key, organizer: alice.asWritten, expiresAt });
    const heldMails = () => kit.mails.filter(({ raw }) => Buffer.from(raw).toString().includes('decide'));

    it('cause one question per sender and day', async () => {
      await forged('ACCEPTED');
      await forged('DECLINED');
      await kit.settle();
      await forged('ACCEPTED');
      await kit.settle();
      expect(heldMails()).toHaveLength(1);
      kit.clock.now += 86_400_000;
      await forged('ACCEPTED');
      await kit.settle();
      expect(heldMails()).toHaveLength(2);
      expect(kit.calendar.text(uid)).toBe(event());
    });

    it('are applied when the organizer confirms the sender, as are later ones of that sender', async () => {
      await forged('ACCEPTED');
      await kit.settle();
      expect(await readDecision(kit, claims(1))).toMatchObject({
        sender: stranger,
        attendee: bob.asWritten,
        answers: [{ partstat: 'ACCEPTED', reason: 'unauthenticated' }],
      });
      expect(await decideHeld(kit, claims(1), 'alias')).toBe('done');
      expect(await decideHeld(kit, claims(1), 'alias')).toBe('already-decided');
      await kit.settle();
      expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
      kit.clock.now += 1_000;
      await forged('DECLINED');
      await kit.settle();
      expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    });

    it('cannot be entered if the guest is no longer listed, and the page says so', async () => {
      await forged('ACCEPTED');
      await kit.settle();
      kit.calendar.put(uid, meeting({ uid, organizer: alice.asWritten, attendees: [{ email: carol.asWritten }] }));
      const decided = decideAndWait(kit, claims(1), 'once');
      await expect.poll(async () => (await kit.reasons(uid)).includes('decided once')).toBe(true);
      await kit.settle();
      kit.outcomes.publish((await kit.entries(uid)).map((entry) => ({ kind: 'entry', entry })));
      expect(await decided).toBe('not-entered');
      expect(await decideAndWait(kit, claims(1), 'once')).toBe('already-decided');
    });

    it('cause a new question if one arrives during a decision', async () => {
      await forged('ACCEPTED');
      await kit.settle();
      const release: typeof kit.spool.release = async (...released) => {
        await forged('DECLINED');
        await kit.settle();
        return kit.spool.release(...released);
      };
      const held = kit.spool.held.bind(kit.spool);
      const put = kit.spool.put.bind(kit.spool);
      expect(await decideHeld({ ...kit, spool: { ...kit.spool, held, put, release } }, claims(1), 'once')).toBe('done');
      expect(heldMails()).toHaveLength(1);
      await kit.settle();
      expect(heldMails()).toHaveLength(2);
      expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    });

    it('are recorded for the operator if the question cannot be mailed', async () => {
      kit.relay.verdict = () => ({ kind: 'refused', status: 550, response: '550 5.1.1 no such user' });
      await forged('ACCEPTED');
      await kit.settle();
      expect(await kit.reasons(alice.key)).toContain('not-mailed organizer-not-told');
    });

    it('are dropped if the organizer ignores them, and a later one causes a new question', async () => {
      await forged('ACCEPTED');
      await kit.settle();
      expect(await decideHeld(kit, claims(1), 'ignore')).toBe('done');
      await kit.settle();
      expect(kit.calendar.text(uid)).toBe(event());
      await forged('DECLINED');
      await kit.settle();
      expect(heldMails()).toHaveLength(2);
      expect(await decideHeld(kit, claims(1), 'once')).toBe('already-decided');
      expect(await decideHeld(kit, claims(2), 'once')).toBe('done');
      await kit.settle();
      expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    });

    it('that cannot be applied after the decision are refused, not held again', async () => {
      kit.calendar.put(uid, meeting({ uid, organizer: alice.asWritten, attendees: [{ email: carol.asWritten }] }));
      await answer('ACCEPTED');
      await kit.settle();
      expect(await kit.reasons(uid)).toContain('held not-invited');
      expect(await decideHeld(kit, { ...claims(1), holdKey: senderKey(alice, bob, bob.asWritten) }, 'once')).toBe(
        'done',
      );
      await kit.settle();
      expect(await kit.reasons(uid)).toContain('refused not-invited');
      const notice = (await kit.mailsTo(alice)).at(-1);
      expect(notice?.subject).toBe('Not carried out: Planning');
      expect(notice?.text).toContain('This person is not on the guest list.');
    });

    it('of one decision that cannot be applied are reported in one mail', async () => {
      await forged('ACCEPTED');
      await forged('DECLINED');
      await kit.settle();
      kit.calendar.events.delete(uid);
      kit.clock.now += 3_600_000;
      expect(await decideHeld(kit, claims(1), 'once')).toBe('done');
      await kit.settle();
      expect((await kit.reasons(uid)).filter((reason) => reason === 'refused unknown-event')).toHaveLength(2);
      const notices = (await kit.mailsTo(alice)).slice(1);
      expect(notices.map(({ subject }) => subject)).toEqual(['Not carried out: Planning']);
    });

    it('are applied if the organizer prefers them to a change by another client', async () => {
      await answer('ACCEPTED', { date: kit.clock.now - 5_000 });
      await kit.settle();
      kit.calendar.put(uid, event([MODIFIED]).replace(/NEEDS-ACTION(.*bob)/, 'TENTATIVE$1'));
      await answer('DECLINED', { date: kit.clock.now - 1_000 });
      await kit.settle();
      expect(await kit.reasons(uid)).toContain('held changed-elsewhere');
      kit.clock.now += 3_600_000;
      expect(await decideHeld(kit, { ...claims(1), holdKey: senderKey(alice, bob, bob.asWritten) }, 'once')).toBe(
        'done',
      );
      await kit.settle();
      expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
    });
  });

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
    await answer('ACCEPTED', { sequence: 1 });
    await kit.settle();
    expect(await kit.ledger.suppressed(alice.key, bob.key)).toBeNull();
  });

  it('a letter is forwarded once, from our own address', async () => {
    const letter = Buffer.from(
      `From: Bob <${bob.asWritten}>\r\nTo: <${replyTo()}>\r\nSubject: Parking?\r\nMessage-ID: <letter@remote.test>\r\n\r\nWhere do I park?\r\n`,
    );
    await kit.mail(letter, replyTo());
    await kit.mail(letter, replyTo());
    await kit.settle();
    const forwarded = kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten);
    expect(forwarded).toHaveLength(1);
    const mail = await simpleParser(Buffer.from(forwarded[0]?.raw ?? ''));
    expect(mail.text).toContain('Where do I park?');
    expect(mail.from?.value[0]?.address).toBe('calendar@example.com');
    expect(mail.replyTo?.value[0]?.address).toBe(bob.asWritten);
    // Our own mail is not forwarded again when it comes back.
    await kit.mail(Buffer.from(forwarded[0]?.raw ?? ''), replyTo());
    await kit.settle();
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
  });

  it('an answer from the RSVP page is decided in the same way', async () => {
    const id = await kit.click(uid, bob, 'TENTATIVE');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect(await kit.reasons(id)).toEqual(['applied applied', 'mailed notice']);
  });
});

describe('NOTIFY_ORGANIZER', () => {
  it.each([
    ['digest', 1],
    ['held', 0],
  ] as const)('%s: two answers cause %i mails', async (notify, count) => {
    const kit = await openFlowKit({ notify });
    kit.calendar.put(uid, event());
    await kit.click(uid, bob, 'ACCEPTED');
    await kit.settle();
    kit.clock.now += 60_000;
    await kit.click(uid, carol, 'DECLINED');
    await kit.settle();
    expect(kit.mails).toHaveLength(0);
    kit.clock.now += 16 * 60_000;
    await kit.settle();
    expect(kit.mails).toHaveLength(count);
    await kit.close();
  });
});

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
