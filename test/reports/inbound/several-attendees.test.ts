// Faults I1 and D6: an answer, a proposal or a REFRESH whose calendar lists several ATTENDEEs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CalendarAddress, Partstat } from '../../../src/core/ical/types.ts';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { address, alice, bob, carol, dave, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'weekly@example.com';
const bobAtHome = address('bob@home.test');
const SECOND = '20270209T100000Z';
const THIRD = '20270216T100000Z';

interface Guests {
  readonly [address: string]: Partstat;
}

function lines(guests: Guests): string[] {
  return Object.entries(guests).map(([guest, partstat]) => `ATTENDEE;PARTSTAT=${partstat}:mailto:${guest}`);
}

function calendar(method: string | null, ...events: readonly (readonly string[])[]): string {
  return [
    'BEGIN:VCALENDAR',
    ...(method === null ? [] : [`METHOD:${method}`]),
    'VERSION:2.0',
    'PRODID:-//example//client//EN',
    ...events.flat(),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function master(guests: Guests): string[] {
  return component(guests, 'DTSTART:20270202T100000Z', 'RRULE:FREQ=WEEKLY;COUNT=10');
}

function override(at: string, guests: Guests): string[] {
  return component(guests, `RECURRENCE-ID:${at}`, `DTSTART:${at.replace('T10', 'T14')}`);
}

function component(guests: Guests, ...times: readonly string[]): string[] {
  return [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T120000Z',
    'SEQUENCE:1',
    ...times,
    'DURATION:PT1H',
    'SUMMARY:Weekly',
    `ORGANIZER:mailto:${alice.asWritten}`,
    ...lines(guests),
    'END:VEVENT',
  ];
}

const invited = {
  'alice@example.com': 'ACCEPTED',
  'bob@remote.test': 'NEEDS-ACTION',
  'carol@remote.test': 'NEEDS-ACTION',
} as const;
/** The answers that Bob's client sends back. It has changed every line. */
const answered = {
  'alice@example.com': 'DECLINED',
  'bob@remote.test': 'ACCEPTED',
  'carol@remote.test': 'DECLINED',
} as const;

let kit: FlowKit;
afterEach(() => kit.close());

async function invite(text: string, ...guests: readonly CalendarAddress[]): Promise<void> {
  kit.calendar.put(uid, text);
  for (const guest of guests) await kit.invite(text, guest);
  await kit.settle();
  kit.mails.length = 0;
}

async function send(text: string, from: CalendarAddress, to: string): Promise<void> {
  kit.clock.now += 60_000;
  await kit.mail(calendarMail(text, { from, to, date: kit.clock.now }), to, from.asWritten);
  await kit.settle();
}

const stored = (who: CalendarAddress, at: string | null = null): Partstat | null =>
  partstatOf(parseEvent(kit.calendar.text(uid)), who, at);

const series = (guests: Guests): string[][] => [master(guests), override(SECOND, guests), override(THIRD, guests)];

describe('I1: a REPLY with several ATTENDEEs to a reply address', () => {
  beforeEach(async () => {
    kit = await openFlowKit();
    await invite(calendar(null, ...series(invited)), bob, carol);
  });
  const sendBack = (...events: readonly (readonly string[])[]) =>
    send(calendar('REPLY', ...events), bob, replyTo(kit, bob));

  it('is read for the attendee of the reply address in every VEVENT', async () => {
    const before = kit.calendar.text(uid);
    await sendBack(...series(answered));
    expect([null, SECOND, THIRD].map((at) => stored(bob, at))).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED']);
    const bobAccepts = 'PARTSTAT=ACCEPTED:mailto:bob@';
    expect(kit.calendar.text(uid)).toBe(before.replaceAll('PARTSTAT=NEEDS-ACTION:mailto:bob@', bobAccepts));
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('may have different answers for different dates', async () => {
    await sendBack(master(answered), override(SECOND, { ...answered, 'bob@remote.test': 'DECLINED' }));
    expect([null, SECOND, THIRD].map((at) => stored(bob, at))).toEqual(['ACCEPTED', 'DECLINED', 'ACCEPTED']);
  });

  it('withdraws no answer if the master has NEEDS-ACTION', async () => {
    await send(calendar('REPLY', override(SECOND, { 'bob@remote.test': 'DECLINED' })), bob, replyTo(kit, bob));
    expect(stored(bob, SECOND)).toBe('DECLINED');
    await sendBack(master(answered), override(SECOND, invited), override(THIRD, invited));
    expect([null, SECOND, THIRD].map((at) => stored(bob, at))).toEqual(['ACCEPTED', 'DECLINED', 'ACCEPTED']);
  });

  it.each([
    ['the invited one first', [bob, bobAtHome]],
    ['the invited one last', [address('rob@home.test'), bobAtHome, bob]],
  ])('may have a line for each address of the attendee: %s', async (_, own) => {
    await sendBack(master(Object.fromEntries(own.map((each) => [each.asWritten, 'TENTATIVE']))));
    expect(stored(bob)).toBe('TENTATIVE');
  });

  it('is read for a confirmed address of the attendee', async () => {
    await kit.spool.put([], [{ kind: 'alias', organizerKey: alice.key, attendeeKey: bob.key, alias: bobAtHome.key }]);
    const own = { 'bob@home.test': 'DECLINED', 'carol@remote.test': 'ACCEPTED' } as const;
    await send(calendar('REPLY', master(own)), bobAtHome, replyTo(kit, bob));
    expect([stored(bob), stored(carol)]).toEqual(['DECLINED', 'NEEDS-ACTION']);
  });

  it('counts for a confirmed address although the invited one came back without an answer', async () => {
    await kit.spool.put([], [{ kind: 'alias', organizerKey: alice.key, attendeeKey: bob.key, alias: bobAtHome.key }]);
    await sendBack(master({ 'bob@remote.test': 'ACCEPTED' }));
    const atHome = { ...invited, 'bob@home.test': 'DECLINED' } as const;
    await send(calendar('REPLY', master(atHome)), bobAtHome, replyTo(kit, bob));
    expect(stored(bob)).toBe('DECLINED');
    await sendBack(master({ ...invited, 'bob@home.test': 'ACCEPTED' }));
    expect(stored(bob)).toBe('NEEDS-ACTION'); // only the sender's address comes before the invited one
  });

  it('is held if the sender is not proven to be the attendee', async () => {
    const before = kit.calendar.text(uid);
    await send(calendar('REPLY', ...series(answered)), carol, replyTo(kit, bob));
    expect(kit.calendar.text(uid)).toBe(before);
    expect(await kit.reasons(uid)).toContain('held unauthenticated');
  });

  it('is forwarded to the organizer if it has no line of the attendee or the sender', async () => {
    const before = kit.calendar.text(uid);
    const others = { 'carol@remote.test': 'ACCEPTED', 'dave@elsewhere.test': 'ACCEPTED' } as const;
    await sendBack(master(others));
    expect(kit.calendar.text(uid)).toBe(before);
    expect(await kit.reasons(bob.key)).toEqual(expect.arrayContaining(['refused no-event']));
    expect(await kit.mailsTo(alice)).toHaveLength(1);
  });

  it('is read without the comments of others', async () => {
    const commented = master(answered).map((line) =>
      line.includes(':mailto:carol@') ? line.replace(';', ';X-RESPONSE-COMMENT="from Carol";') : line,
    );
    await sendBack(commented);
    expect((await kit.mailsTo(alice)).map(({ text }) => text).join('')).not.toContain('from Carol');
  });

  it.each([
    ['COUNTER', 'recorded proposal'],
    ['REFRESH', 'recorded refresh'],
  ])('may also be a %s', async (method, expected) => {
    const before = kit.calendar.text(uid);
    await send(calendar(method, master(invited)), bob, replyTo(kit, bob));
    const entries = (await kit.entries(uid)).filter(({ attendee }) => attendee === bob.key);
    expect(entries.map(({ verdict, reason }) => `${verdict} ${reason}`)).toContain(expected);
    expect(kit.calendar.text(uid)).toBe(before);
  });
});

describe('I1: a REFRESH with several VEVENTs', () => {
  it('is answered with one mail', async () => {
    kit = await openFlowKit();
    await invite(calendar(null, ...series(invited)), bob);
    await send(calendar('REFRESH', ...series(invited)), bob, replyTo(kit, bob));
    expect(kit.mails.map(({ rcptTo }) => rcptTo)).toEqual([bob.asWritten]);
  });
});

describe('D6: several ATTENDEEs in mail to the organizer’s own address', () => {
  const pass = { dmarc: { result: 'pass', policy: 'reject' } } as const;
  beforeEach(async () => {
    kit = await openFlowKit({ replyDomain: null, ownRecipients: [alice.key] });
    kit.evidence.of = (mail) => ({ from: [mail.envelope.mailFrom], ...pass });
    await invite(calendar(null, ...series(invited)), bob, carol);
  });

  it('a proven REPLY is read for its sender in every VEVENT', async () => {
    await send(calendar('REPLY', ...series(answered)), bob, alice.asWritten);
    expect([null, SECOND, THIRD].map((at) => stored(bob, at))).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED']);
    expect([stored(alice), stored(carol)]).toEqual(['ACCEPTED', 'NEEDS-ACTION']);
  });

  it.each([
    ['COUNTER', 'proposal'],
    ['REFRESH', 'refresh'],
  ])('a proven %s is read for its sender', async (method, reason) => {
    await send(calendar(method, master(invited)), bob, alice.asWritten);
    const entries = (await kit.entries(uid)).filter((entry) => entry.reason === reason);
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ attendee }) => attendee === bob.key)).toBe(true);
    expect((await kit.reasons(uid)).filter((each) => each.startsWith('held una'))).toEqual([]);
  });

  it('a proven REPLY from a confirmed address is read for the attendee', async () => {
    await kit.spool.put([], [{ kind: 'alias', organizerKey: alice.key, attendeeKey: bob.key, alias: bobAtHome.key }]);
    await send(calendar('REPLY', master({ ...answered, 'bob@home.test': 'ACCEPTED' })), bobAtHome, alice.asWritten);
    expect(stored(bob)).toBe('ACCEPTED');
  });

  it('an unproven REPLY is held', async () => {
    kit.evidence.of = (mail) => ({ from: [mail.envelope.mailFrom] });
    await send(calendar('REPLY', ...series(answered)), bob, alice.asWritten);
    expect(stored(bob)).toBe('NEEDS-ACTION');
    expect(await kit.reasons(uid)).toContain('held unauthenticated');
  });

  it('a REPLY of somebody who is not listed changes nothing', async () => {
    await send(calendar('REPLY', ...series(answered)), dave, alice.asWritten);
    expect([alice, bob, carol].map((each) => stored(each))).toEqual(['ACCEPTED', 'NEEDS-ACTION', 'NEEDS-ACTION']);
    expect(await kit.reasons(alice.key)).toContain('refused no-event');
  });
});
