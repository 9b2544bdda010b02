// Faults in answers by mail (I). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideHeld, readDecision } from '../../src/flow/questions/decide-held.ts';
import { decisionPage } from '../../src/core/pages/decision-page.ts';
import type { CalendarAddress, Partstat } from '../../src/core/ical/types.ts';
import { splitLines, withParam } from '../../src/core/ical/content-lines.ts';
import { parseEvent, partstatOf } from '../../src/core/ical/event-document.ts';
import type { ClaimedAnswer } from '../../src/core/itip/types.ts';
import { readMessage } from '../../src/core/itip/read-message.ts';
import { alice, bob, carol, type FlowKit, openFlowKit } from '../flow/flow-kit.ts';
import { calendarMail, replyTo } from './mailed-calendar.ts';

const uid = 'planning@example.com';

function calendar(...lines: readonly string[]): string {
  return ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

/** Alice's event, as stored and as mailed. */
function event(...extra: readonly string[]): string {
  return calendar(
    'VERSION:2.0',
    'PRODID:-//example//client//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    'SEQUENCE:2',
    'DTSTART:20270202T100000Z',
    'DTEND:20270202T110000Z',
    'SUMMARY:Planning',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${carol.asWritten}`,
    ...extra,
    'END:VEVENT',
  );
}

function reply(...attendees: readonly string[]): string {
  return calendar(
    'METHOD:REPLY',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T120000Z',
    'SEQUENCE:2',
    ...attendees,
    'END:VEVENT',
  );
}

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function invite(text: string, ...guests: readonly CalendarAddress[]): Promise<void> {
  kit.calendar.put(uid, text);
  for (const guest of guests) await kit.invite(text, guest);
  await kit.settle();
  kit.mails.length = 0;
}

/** Sends Bob's answer by mail and sets the clock forward by a minute. */
async function answer(text: string, from: CalendarAddress = bob): Promise<void> {
  kit.clock.now += 60_000;
  const to = replyTo(kit, from);
  await kit.mail(calendarMail(text, { from, to, date: kit.clock.now }), to, from.asWritten);
  await kit.settle();
}

function stored(attendee: CalendarAddress = bob, recurrenceId: string | null = null): Partstat | null {
  return partstatOf(parseEvent(kit.calendar.text(uid)), attendee, recurrenceId);
}

/** Returns what `readMessage` reads from a reply with that line. */
function claimed(attendee: string): ClaimedAnswer {
  const [item] = readMessage(reply(attendee), null).items;
  if (item?.kind !== 'answer') throw new TypeError('no answer');
  return item;
}

const TO_BOB = `:mailto:${bob.asWritten}`;

describe('I3: an answer', () => {
  const unreadable: { why: string; line: string }[] = [
    { why: 'no PARTSTAT', line: `ATTENDEE;CN=Bob${TO_BOB}` },
    { why: 'no parameter', line: `ATTENDEE${TO_BOB}` },
    { why: 'an empty PARTSTAT', line: `ATTENDEE;PARTSTAT=${TO_BOB}` },
    { why: 'PARTSTAT without a value', line: `ATTENDEE;PARTSTAT${TO_BOB}` },
    { why: 'an unknown word', line: `ATTENDEE;PARTSTAT=ACCEPT${TO_BOB}` },
    { why: 'an X- word', line: `ATTENDEE;PARTSTAT=X-PERHAPS${TO_BOB}` },
    { why: 'a word of another language', line: `ATTENDEE;PARTSTAT=ABGELEHNT${TO_BOB}` },
    { why: 'NEEDS ACTION without its hyphen', line: `ATTENDEE;PARTSTAT=NEEDS ACTION${TO_BOB}` },
    { why: 'COMPLETED, which is for tasks', line: `ATTENDEE;PARTSTAT=COMPLETED${TO_BOB}` },
    { why: 'IN-PROCESS, which is for tasks', line: `ATTENDEE;PARTSTAT=IN-PROCESS${TO_BOB}` },
    { why: 'two words', line: `ATTENDEE;PARTSTAT=DECLINED,NEEDS-ACTION${TO_BOB}` },
    { why: 'two parameters', line: `ATTENDEE;PARTSTAT=DECLINED;PARTSTAT=ACCEPTED${TO_BOB}` },
    { why: 'a quote that includes it', line: `ATTENDEE;CN="Bob;PARTSTAT=DECLINED;X-A="b"${TO_BOB}` },
    { why: 'a vCalendar STATUS for invitations', line: `ATTENDEE;STATUS=SENT${TO_BOB}` },
    { why: 'a vCalendar STATUS: NEEDS ACTION', line: `ATTENDEE;STATUS=NEEDS ACTION${TO_BOB}` },
    { why: 'two vCalendar STATUS', line: `ATTENDEE;STATUS=ACCEPTED;STATUS=DECLINED${TO_BOB}` },
    { why: 'an unknown PARTSTAT beside a STATUS', line: `ATTENDEE;PARTSTAT=SENT;STATUS=DECLINED${TO_BOB}` },
    {
      why: 'a colon before an address without mailto',
      line: `ATTENDEE;CN=Sales: Bob;PARTSTAT=DECLINED:${bob.asWritten}`,
    },
  ];
  it.each(unreadable)('is held with $why', async ({ line }) => {
    expect(claimed(line).partstat).toBeNull();
    await invite(event(), bob);
    await answer(reply(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`));
    const before = kit.calendar.text(uid);
    kit.mails.length = 0;
    await answer(reply(line));
    expect(stored()).toBe('ACCEPTED');
    expect(kit.calendar.text(uid)).toBe(before);
    expect(await kit.reasons(uid)).toContain('held unreadable-answer');
    const [told] = await kit.mailsTo(alice);
    expect(told?.text).toContain('does not give a clear answer');
    expect(told?.text).not.toContain('withdrawn the answer');
  });

  it('without a readable PARTSTAT offers the organizer nothing to enter', async () => {
    await invite(event(), bob);
    await answer(reply(`ATTENDEE;CN=Bob${TO_BOB}`));
    const claims = await kit.question();
    const held = await readDecision(kit, claims);
    if (held === null) throw new TypeError('nothing is held');
    const reader = { templates: kit.templates, language: 'en', timezone: 'UTC' };
    expect(decisionPage(held, reader)).toMatchObject({ choices: ['ignore'], answers: [{ answer: 'other' }] });
    await decideHeld(kit, claims, 'once');
    await kit.settle();
    expect(stored()).toBe('NEEDS-ACTION');
    expect(await kit.reasons(uid)).toContain('refused unreadable-answer');
  });

  it('without a readable PARTSTAT does not supersede another answer of the same batch', async () => {
    await invite(event(), bob);
    const to = replyTo(kit, bob);
    for (const line of [`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`, `ATTENDEE;CN=Bob${TO_BOB}`]) {
      kit.clock.now += 60_000;
      await kit.mail(calendarMail(reply(line), { from: bob, to, date: kit.clock.now }), to);
    }
    await kit.settle();
    expect(stored()).toBe('ACCEPTED');
    expect(await kit.reasons(uid)).toEqual(expect.arrayContaining(['applied applied', 'held unreadable-answer']));
  });

  it('with an explicit NEEDS-ACTION withdraws the previous answer', async () => {
    await invite(event(), bob);
    await answer(reply(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`));
    await answer(reply(`ATTENDEE;PARTSTAT=needs-action${TO_BOB}`));
    expect(stored()).toBe('NEEDS-ACTION');
  });

  const readable: { why: string; line: string; partstat: Partstat; attendee?: string; cn?: string }[] = [
    {
      why: 'STATUS of vCalendar 1.0',
      line: `ATTENDEE;ROLE=ATTENDEE;STATUS=DECLINED;RSVP=NO:MAILTO:${bob.asWritten}`,
      partstat: 'DECLINED',
    },
    { why: 'STATUS=CONFIRMED of vCalendar 1.0', line: `ATTENDEE;STATUS=Confirmed${TO_BOB}`, partstat: 'ACCEPTED' },
    {
      why: 'the address of vCalendar 1.0',
      line: `ATTENDEE;STATUS=TENTATIVE:Bob Guest <${bob.asWritten}>`,
      partstat: 'TENTATIVE',
    },
    {
      why: 'a colon in an unquoted CN',
      line: `ATTENDEE;CN=Sales: Bob;PARTSTAT=ACCEPTED${TO_BOB}`,
      partstat: 'ACCEPTED',
      cn: 'Sales: Bob',
    },
    {
      why: 'colons in several unquoted parameters',
      line: `ATTENDEE;X-A=12:30:00;CN=a:mailto:b;PARTSTAT=DECLINED;X-B=http://x.test/:MAILTO:${bob.asWritten}`,
      partstat: 'DECLINED',
      cn: 'a:mailto:b',
    },
    {
      why: 'a colon and no closing quote',
      line: `ATTENDEE;CN="Sales: Bob;PARTSTAT=ACCEPTED${TO_BOB}`,
      partstat: 'ACCEPTED',
      cn: '"Sales: Bob',
    },
    {
      why: 'an address as CN, unquoted',
      line: `ATTENDEE;CN=mailto:${bob.asWritten};PARTSTAT=DECLINED${TO_BOB}`,
      partstat: 'DECLINED',
    },
    {
      why: 'unquoted delegates',
      line: `ATTENDEE;DELEGATED-TO=mailto:a@x.test,mailto:b@x.test;PARTSTAT=DELEGATED${TO_BOB}`,
      partstat: 'DELEGATED',
    },
    {
      why: 'escaped quotes inside quotes',
      line: `ATTENDEE;CN="Falk, Ida (\\"East; West\\")";PARTSTAT=ACCEPTED${TO_BOB}`,
      partstat: 'ACCEPTED',
      cn: 'Falk, Ida ("East; West")',
    },
    {
      why: 'an escaped quote before a comma',
      line: `ATTENDEE;CN="Ida \\"West\\", Paris";PARTSTAT=ACCEPTED${TO_BOB}`,
      partstat: 'ACCEPTED',
      cn: 'Ida "West", Paris',
    },
    {
      why: 'an escaped quote before a colon',
      line: `ATTENDEE;CN="The \\"East\\": Ida";PARTSTAT=DECLINED${TO_BOB}`,
      partstat: 'DECLINED',
      cn: 'The "East": Ida',
    },
    {
      why: 'quotes inside quotes, not escaped',
      line: `ATTENDEE;CN="Ida "East; West" Falk";PARTSTAT=TENTATIVE${TO_BOB}`,
      partstat: 'TENTATIVE',
      cn: 'Ida "East; West" Falk',
    },
    {
      why: 'a backslash before the closing quote',
      line: `ATTENDEE;CN="C:\\dir\\";PARTSTAT=DECLINED${TO_BOB}`,
      partstat: 'DECLINED',
      cn: 'C:\\dir\\',
    },
    {
      why: 'white space after the closing quote',
      line: `ATTENDEE;CN="Sales: Bob" ;PARTSTAT=DECLINED${TO_BOB}`,
      partstat: 'DECLINED',
    },
    {
      why: ':mailto: inside quotes, before an address without it',
      line: `ATTENDEE;CN="a:mailto:x@y.test";PARTSTAT=DECLINED:${bob.asWritten}`,
      partstat: 'DECLINED',
    },
    { why: 'a quoted PARTSTAT', line: `ATTENDEE;PARTSTAT="declined"${TO_BOB}`, partstat: 'DECLINED' },
    { why: 'the same word twice', line: `ATTENDEE;PARTSTAT=DECLINED;PARTSTAT=declined${TO_BOB}`, partstat: 'DECLINED' },
    {
      why: 'PARTSTAT beside an old STATUS',
      line: `ATTENDEE;PARTSTAT=DECLINED;STATUS=SENT${TO_BOB}`,
      partstat: 'DECLINED',
    },
  ];
  it.each(readable)('counts with $why', async ({ line, partstat, cn }) => {
    expect(claimed(line)).toMatchObject({ partstat, attendee: bob });
    if (cn !== undefined) expect(splitLines(line)[0]?.param('CN')).toBe(cn);
    await invite(event(), bob);
    await answer(reply(`ATTENDEE;PARTSTAT=${partstat === 'ACCEPTED' ? 'DECLINED' : 'ACCEPTED'}${TO_BOB}`));
    await answer(reply(line));
    expect(stored()).toBe(partstat);
  });

  it.each(readable.filter(({ line }) => line.includes('PARTSTAT=')))(
    'changes only PARTSTAT in a stored line with $why',
    ({ line }) => {
      const [before] = splitLines(`${line}\r\n`);
      if (before === undefined) throw new TypeError('no line');
      const after = withParam(before, 'PARTSTAT', 'NEEDS-ACTION');
      expect(after.text).toBe(line.replace(/PARTSTAT=("?)[\w-]+\1/gi, 'PARTSTAT=$1NEEDS-ACTION$1'));
      expect(after.value).toBe(before.value);
    },
  );

  it('counts in a vCalendar 1.0, with the method in its Content-Type', async () => {
    await invite(event(), bob);
    const to = replyTo(kit, bob);
    const text = calendar(
      'VERSION:1.0',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'SEQUENCE:2',
      'DTSTART:20270202T100000Z',
      `ATTENDEE;ROLE=ATTENDEE;STATUS=DECLINED;RSVP=NO:MAILTO:${bob.asWritten}`,
      'END:VEVENT',
    );
    const contentType = 'text/x-vcalendar; method=REPLY';
    await kit.mail(calendarMail(text, { from: bob, to, date: kit.clock.now, contentType }), to);
    await kit.settle();
    expect(stored()).toBe('DECLINED');
  });

  it('is read with a colon in an unquoted CN of ORGANIZER', () => {
    const text = reply(`ORGANIZER;CN=Sales: Alice:mailto:${alice.asWritten}`, `ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`);
    expect(readMessage(text, null).items).toMatchObject([{ organizer: alice }]);
  });

  it('to a stored event without PARTSTAT has the default NEEDS-ACTION', () => {
    const text = event().replace('PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob', 'RSVP=TRUE:mailto:bob');
    expect(partstatOf(parseEvent(text), bob, null)).toBe('NEEDS-ACTION');
  });
});
