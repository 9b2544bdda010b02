// Held answers, and what the organizer decides about them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { because } from '../../../src/core/reasons.ts';
import { decideAndWait, decideHeld, readDecision } from '../../../src/flow/questions/decide-held.ts';
import { senderKey } from '../../../src/flow/records/question.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol } from '../flow-kit.ts';
import { event, MODIFIED, type OneEvent, openOneEvent, uid } from '../one-event.ts';

describe('held answers', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  const stranger = 'bob@private.test';
  const forged = (partstat: 'ACCEPTED' | 'DECLINED') => {
    const raw = Buffer.from(
      answerMail({ attendee: bob.asWritten, organizer: kit.replyTo(), uid, partstat, date: kit.clock.now }),
    );
    return kit.mail(Buffer.from(raw.toString().replace(/^From: .*$/m, `From: <${stranger}>`)), kit.replyTo(), stranger);
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

  it('are shown with the reason of their own hold, not that of another task of the chain', async () => {
    await forged('ACCEPTED');
    await kit.settle();
    const [held] = await kit.spool.held(key);
    const [own] = (await kit.entries(held?.id ?? '')).filter(({ verdict }) => verdict === 'held');
    if (own === undefined) throw new TypeError('nothing is held');
    // A task that follows from this one names it as its record.
    const other = { ...own, taskId: 'other', recordId: own.taskId, ...because('changed-elsewhere', { who: 'x' }) };
    await kit.spool.put(
      [],
      Array.from({ length: 21 }, () => ({ kind: 'entry' as const, entry: other })),
    );
    const view = await readDecision(kit, claims(1));
    expect(view?.answers.map(({ reason }) => reason)).toEqual(['unauthenticated']);
    const { sentAt } = JSON.parse(held?.body ?? '').answer.revision;
    kit.clock.now += 60_000;
    await decideHeld(kit, claims(1), 'once');
    const { body } = (await kit.spool.task(held?.id ?? '')) ?? { body: '' };
    expect(JSON.parse(body).answer.revision.sentAt).toBe(sentAt);
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
    await kit.answer('ACCEPTED');
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('held not-invited');
    expect(await decideHeld(kit, { ...claims(1), holdKey: senderKey(alice, bob, bob.asWritten) }, 'once')).toBe('done');
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
    await kit.answer('ACCEPTED', { date: kit.clock.now - 5_000 });
    await kit.settle();
    kit.calendar.put(uid, event([MODIFIED]).replace(/NEEDS-ACTION(.*bob)/, 'TENTATIVE$1'));
    await kit.answer('DECLINED', { date: kit.clock.now - 1_000 });
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('held changed-elsewhere');
    kit.clock.now += 3_600_000;
    expect(await decideHeld(kit, { ...claims(1), holdKey: senderKey(alice, bob, bob.asWritten) }, 'once')).toBe('done');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=DECLINED');
  });
});
