// Faults I2 and B3: an unusable scheduling message in a mail that is marked as automatic.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { address, alice, bob, dave, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'room@example.com';
const ORGANIZER = `ORGANIZER:mailto:${alice.asWritten}`;
const YES = `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`;
const AUTOMATIC = [
  'Auto-Submitted: auto-replied',
  'Auto-Submitted: auto-generated',
  'Auto-Submitted: auto-notified',
  'Precedence: auto_reply',
  'X-Autoreply: yes',
  'X-MS-Exchange-Inbox-Rules-Loop: room@remote.test',
];

function calendar(method: string | null, ...lines: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    ...(method === null ? [] : [`METHOD:${method}`]),
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T120000Z',
    'DTSTART:20270202T100000Z',
    'SUMMARY:Planning',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
  const event = calendar(null, ORGANIZER, YES.replace('ACCEPTED', 'NEEDS-ACTION'));
  kit.calendar.put(uid, event);
  await kit.invite(event, bob);
  await kit.settle();
  kit.mails.length = 0;
});
afterEach(() => kit.close());

async function send(text: string, field: string, contentType?: string): Promise<void> {
  const to = replyTo(kit, bob);
  const shape = { from: bob, to, date: kit.clock.now, fields: [field], ...(contentType && { contentType }) };
  await kit.mail(calendarMail(text, shape), to);
  await kit.settle();
}

async function expectShown(reason: string): Promise<void> {
  expect(await kit.reasons(bob.key)).toContain(`refused ${reason}`);
  expect(await kit.reasons(alice.key)).toContain('forwarded letter');
  expect(await kit.mailsTo(alice)).toHaveLength(1);
  expect(kit.calendar.writes).toBe(0);
}

describe('I2: an automatic REPLY without ATTENDEE is shown to the organizer', () => {
  it.each(AUTOMATIC)('with %s', async (field) => {
    await send(calendar('REPLY', ORGANIZER), field);
    await expectShown('no-event');
    expect(await kit.reasons(bob.key)).not.toContain('recorded automatic-reply');
  });

  it('but a usable REPLY counts', async () => {
    await send(calendar('REPLY', ORGANIZER, YES), 'Auto-Submitted: auto-replied');
    expect(await kit.reasons(uid)).toContain('applied applied');
  });
});

describe('B3: an automatic scheduling message is not an out-of-office reply', () => {
  const cut = (text: string): string => text.slice(0, text.indexOf('END:VEVENT'));
  it.each([
    ['a REPLY that was cut off', cut(calendar('REPLY', ORGANIZER, YES)), 'no-event'],
    ['a REPLY without UID', calendar('REPLY', ORGANIZER, YES).replace('UID:', 'X-UID:'), 'no-event'],
    ['a REPLY without event', 'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n', 'no-event'],
    ['a COUNTER with an unreadable RECURRENCE-ID', calendar('COUNTER', 'RECURRENCE-ID:x', YES), 'no-event'],
    ['a REFRESH without UID', calendar('REFRESH', YES).replace('UID:', 'X-UID:'), 'no-event'],
    ['two calendars in one part', calendar('REPLY', YES).repeat(2), 'several-calendars'],
    ['a REPLY that is not a calendar', `METHOD:REPLY\r\n${YES}\r\n`, 'unparseable-calendar'],
    ['a REQUEST of somebody else', calendar('REQUEST', `ORGANIZER:mailto:${dave.asWritten}`, YES), 'not-a-reply'],
    ['a REQUEST without ORGANIZER', calendar('REQUEST', YES), 'not-a-reply'],
    ['a CANCEL of somebody else', calendar('CANCEL', `ORGANIZER:mailto:${dave.asWritten}`, YES), 'not-a-reply'],
    ['a PUBLISH', calendar('PUBLISH', `ORGANIZER:mailto:${dave.asWritten}`), 'not-a-reply'],
    ['an unknown METHOD', calendar('X-POLL', YES), 'not-a-reply'],
  ])('%s is shown to the organizer', async (_, text, reason) => {
    await send(text, 'Auto-Submitted: auto-generated');
    await expectShown(reason);
  });

  it('the METHOD may be only in Content-Type', async () => {
    await send(calendar(null, ORGANIZER), 'Auto-Submitted: auto-replied', 'text/calendar; method=REPLY');
    await expectShown('no-event');
  });

  it.each([
    ['a calendar without METHOD', () => calendar(null, `ORGANIZER:mailto:${dave.asWritten}`)],
    [
      'the invitation, which names the reply address',
      () => calendar('REQUEST', `ORGANIZER:mailto:${replyTo(kit, bob)}`),
    ],
    [
      'the invitation, with the reply address as EMAIL',
      () => calendar('REQUEST', `ORGANIZER;EMAIL=${replyTo(kit, bob)}:/principals/alice/`),
    ],
  ])('an out-of-office reply may quote %s', async (_, text) => {
    await send(text(), 'Auto-Submitted: auto-replied');
    expect(await kit.reasons(bob.key)).toContain('recorded automatic-reply');
    expect(kit.mails).toEqual([]);
  });

  it('an unusable answer in an attached message is shown', async () => {
    const inner = calendarMail(calendar('REPLY', ORGANIZER), { from: bob, to: alice.asWritten, date: kit.clock.now });
    const outer = [
      `From: ${bob.asWritten}`,
      `To: ${replyTo(kit, bob)}`,
      'Auto-Submitted: auto-replied',
      'Content-Type: message/rfc822',
      '',
      '',
    ].join('\r\n');
    const { items, forwarded } = await interpretMail(Buffer.concat([Buffer.from(outer), inner]));
    expect([items, forwarded]).toMatchObject([[{ kind: 'unusable', reason: 'no-event' }], true]);
  });

  it('a proven message to the organizer’s own address is refused with its reason', async () => {
    await kit.close();
    kit = await openFlowKit({ replyDomain: null, ownRecipients: [alice.key] });
    const fields = ['Auto-Submitted: auto-generated'];
    const room = address('room@remote.test');
    await kit.mail(
      calendarMail(calendar('REPLY', ORGANIZER), { from: room, to: alice.asWritten, date: kit.clock.now, fields }),
      alice.asWritten,
    );
    await kit.settle();
    expect(await kit.reasons(alice.key)).toEqual(['refused no-event']);
  });
});
