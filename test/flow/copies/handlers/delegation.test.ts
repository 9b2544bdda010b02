// A delegation: the delegator becomes DELEGATED at once; the delegate is added and invited once the organizer accepts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDecision, decideHeld } from '../../../../src/flow/questions/decide-held.ts';
import { replyAddress } from '../../../../src/core/signing/reply-address.ts';
import { meeting } from '../../../harness/calendar-server.ts';
import { alice, bob, carol, dave, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../../flow-kit.ts';

const uid = 'planning@example.com';
const event = meeting({
  uid,
  organizer: alice.asWritten,
  attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
});

describe('a delegation', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event);
    await kit.invite(event, bob);
    await kit.settle();
  });
  afterEach(() => kit.close());

  const reply = async (attendee: string): Promise<void> => {
    const to = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN).address;
    const lines = [
      `From: <${bob.asWritten}>`,
      `To: <${to}>`,
      `Date: ${new Date(kit.clock.now).toUTCString()}`,
      'Content-Type: text/calendar; method=REPLY; charset=utf-8',
      '',
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:REPLY',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'SEQUENCE:0',
      'DTSTAMP:20270110T100000Z',
      `ORGANIZER:mailto:${to}`,
      attendee,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ];
    await kit.mail(Buffer.from(lines.join('\r\n')), to);
    await kit.settle();
  };
  const delegate = () =>
    reply(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:${dave.asWritten}":mailto:${bob.asWritten}`);
  const unfolded = (): string => kit.calendar.text(uid).replace(/\r\n[ \t]/g, '');

  it('causes a question to the organizer and does not add the delegate yet', async () => {
    await delegate();
    expect(unfolded()).toMatch(/PARTSTAT=DELEGATED[^\r\n]*:mailto:bob@remote\.test/);
    expect(unfolded()).not.toContain(dave.asWritten);
    const notices = await kit.mailsTo(alice);
    expect(notices.map(({ subject }) => subject)).toEqual([expect.stringMatching(/is sending someone else: Planning/)]);
    expect(await readDecision(kit, await kit.question())).toMatchObject({
      asks: 'delegation',
      attendee: bob.asWritten,
      delegate: dave.asWritten,
    });
    expect(await kit.mailsTo(dave)).toEqual([]);
  });

  it('adds and invites the delegate when the organizer accepts, once even if the server posts a callback', async () => {
    await delegate();
    kit.clock.now += 60_000;
    expect(await decideHeld(kit, await kit.question(), 'add')).toBe('done');
    await kit.settle();
    expect(unfolded()).toContain(
      `ATTENDEE;DELEGATED-FROM="mailto:${bob.asWritten}";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${dave.asWritten}`,
    );
    expect(unfolded()).toMatch(/DELEGATED-TO="mailto:dave@elsewhere\.test"[^\r\n]*:mailto:bob@remote\.test/);
    await kit.invite(kit.calendar.text(uid), dave);
    await kit.settle();
    const invitations = await kit.mailsTo(dave);
    expect(invitations.map(({ subject }) => subject)).toEqual([expect.stringMatching(/^Invitation: Planning/)]);
    expect(await kit.reasons(uid)).toEqual(
      expect.arrayContaining(['applied delegate-added', 'not-mailed nothing-new']),
    );
    expect(await decideHeld(kit, await kit.question(), 'add')).toBe('already-decided');
  });

  it('gives the delegate a separate reply address', async () => {
    await delegate();
    await decideHeld(kit, await kit.question(), 'add');
    await kit.settle();
    await kit.click(uid, dave, 'ACCEPTED');
    await kit.settle();
    expect(unfolded()).toMatch(/PARTSTAT=ACCEPTED[^\r\n]*:mailto:dave@elsewhere\.test/);
  });

  it('that the organizer leaves changes nothing', async () => {
    await delegate();
    expect(await decideHeld(kit, await kit.question(), 'leave')).toBe('done');
    await kit.settle();
    expect(unfolded()).not.toContain(dave.asWritten);
    expect(await kit.mailsTo(dave)).toEqual([]);
  });

  it('is refused if the delegator has since answered for themselves', async () => {
    await delegate();
    kit.clock.now += 60_000;
    await kit.click(uid, bob, 'ACCEPTED');
    await kit.settle();
    const claims = await kit.question();
    await decideHeld(kit, claims, 'add');
    await kit.settle();
    expect(unfolded()).not.toContain(dave.asWritten);
    expect(await kit.reasons(uid)).toContain('refused not-delegated');
  });

  it('to an attendee of the event causes no question', async () => {
    await reply(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:${carol.asWritten}":mailto:${bob.asWritten}`);
    expect((await kit.mailsTo(alice)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/is sending someone else: Planning/),
    ]);
    expect(await kit.reasons(uid)).not.toContain('held delegation');
  });

  it('is refused if the event has been deleted', async () => {
    await delegate();
    kit.calendar.events.clear();
    await decideHeld(kit, await kit.question(), 'add');
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('refused unknown-event');
  });
});
