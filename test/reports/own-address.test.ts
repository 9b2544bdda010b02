// One of our reply addresses in a message that a CalDAV server posts or that comes by mail, because somebody has an invitation
// as we mailed it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { address, alice, bob, carol } from '../flow/flow-kit.ts';
import { event, type OneEvent, openOneEvent, uid } from '../flow/one-event.ts';
import { receiveCallback } from '../../src/flow/inbound/receive.ts';
import { calendarMail } from './mailed-calendar.ts';

let kit: OneEvent;
beforeEach(async () => {
  kit = await openOneEvent();
});
afterEach(() => kit.close());

const YES = `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`;

function message(method: string, organizer: string, ...lines: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    `METHOD:${method}`,
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T115500Z',
    'DTSTART:20270202T100000Z',
    `ORGANIZER:mailto:${organizer}`,
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

type Party = typeof bob;

async function post(
  method: 'REPLY' | 'REFRESH' | 'COUNTER' | 'REQUEST' | 'CANCEL',
  from: Party,
  to: Party,
  text: string,
) {
  await receiveCallback(kit, { sender: from, recipient: to, method, calendar: text });
  await kit.settle();
}

describe('a posted message of an attendee to a reply address', () => {
  it('goes into the organizer’s copy, and no mail goes to the address', async () => {
    const to = address(kit.replyTo(bob));
    await post('REPLY', bob, to, message('REPLY', to.asWritten, YES));
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'ACCEPTED$1'));
    expect(kit.mails.map(({ rcptTo }) => rcptTo)).toEqual([alice.asWritten]);
    expect(await kit.reasons(bob.key)).toContain('applied applied');
  });

  it('is held if the sender is not the attendee of the address', async () => {
    const to = address(kit.replyTo(bob));
    const both = [YES, YES.replace(bob.asWritten, carol.asWritten)];
    await post('REPLY', carol, to, message('REPLY', to.asWritten, ...both));
    expect(kit.calendar.text(uid)).toBe(event());
    expect(await kit.reasons(alice.key)).toContain('held another-attendee');
  });

  it('does not count for another attendee whom it names', async () => {
    const to = address(kit.replyTo(bob));
    await post('REPLY', bob, to, message('REPLY', to.asWritten, YES.replace(bob.asWritten, carol.asWritten)));
    expect(kit.calendar.text(uid)).toBe(event());
    expect(await kit.reasons(alice.key)).toContain('held another-attendee');
  });

  it('is answered if it is a REFRESH of that attendee only', async () => {
    const to = address(kit.replyTo(bob));
    await post('REFRESH', carol, to, message('REFRESH', to.asWritten, `ATTENDEE:mailto:${carol.asWritten}`));
    expect(kit.mails).toEqual([]);
    await post('REFRESH', bob, to, message('REFRESH', to.asWritten, `ATTENDEE:mailto:${bob.asWritten}`));
    expect(kit.mails.map(({ rcptTo }) => rcptTo)).toEqual([bob.asWritten]);
  });
});

describe('our own invitation', () => {
  it.each(['REQUEST', 'CANCEL'] as const)('is only recorded if a server posts it as %s', async (method) => {
    const from = address(kit.replyTo(bob));
    await post(method, from, bob, message(method, from.asWritten, `ATTENDEE:mailto:${bob.asWritten}`));
    expect(kit.mails).toEqual([]);
    expect(await kit.reasons(uid)).toContain('recorded own-mail');
  });

  it.each(['REQUEST', 'CANCEL'])('is only recorded if it comes by mail as %s', async (method) => {
    const to = kit.replyTo(bob);
    const text = message(method, to, `ATTENDEE:mailto:${bob.asWritten}`);
    await kit.mail(calendarMail(text, { from: bob, to, date: kit.clock.now }), to);
    await kit.settle();
    expect(kit.mails).toEqual([]);
    expect(await kit.reasons(bob.key)).toContain('recorded own-mail');
  });

  it('is a letter if its ORGANIZER is somebody else', async () => {
    const to = kit.replyTo(bob);
    const text = message('REQUEST', 'dave@remote.test', `ATTENDEE:mailto:${bob.asWritten}`);
    await kit.mail(calendarMail(text, { from: bob, to, date: kit.clock.now }), to);
    await kit.settle();
    expect(await kit.mailsTo(alice)).toHaveLength(1);
  });
});
