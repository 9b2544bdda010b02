// Faults D7 and D8: a RECURRENCE-ID at midnight, and an answer of somebody who delegated.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { alice, bob, carol, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'nightly@example.com';

function calendar(method: string | null, ...components: readonly (readonly string[])[]): string {
  return [
    'BEGIN:VCALENDAR',
    ...(method === null ? [] : [`METHOD:${method}`]),
    'VERSION:2.0',
    ...components.flatMap((lines) => [
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'DTSTAMP:20270110T120000Z',
      'SEQUENCE:0',
      `ORGANIZER:mailto:${alice.asWritten}`,
      ...lines,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

const TO_BOB = `:mailto:${bob.asWritten}`;
const INVITED = `ATTENDEE;PARTSTAT=NEEDS-ACTION${TO_BOB}`;

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function invite(...components: readonly (readonly string[])[]): Promise<void> {
  kit.calendar.put(uid, calendar(null, ...components));
  await kit.invite(calendar(null, ...components), bob);
  await kit.settle();
  kit.mails.length = 0;
}

async function answer(...lines: readonly string[]): Promise<void> {
  await send('REPLY', lines);
}

async function send(method: string, lines: readonly string[]): Promise<void> {
  kit.clock.now += 60_000;
  const to = replyTo(kit, bob);
  await kit.mail(calendarMail(calendar(method, lines), { from: bob, to, date: kit.clock.now }), to);
  await kit.settle();
}

const stored = (at: string | null = null): Partstat | null => partstatOf(parseEvent(kit.calendar.text(uid)), bob, at);

describe('D7: a RECURRENCE-ID at midnight means the day', () => {
  const YES = `ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`;
  const nightly = ['DTSTART;TZID=Europe/Paris:20270201T030000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY', INVITED];

  it.each([
    ['without zone', 'RECURRENCE-ID:20270203T000000'],
    ['in the zone of the event', 'RECURRENCE-ID;TZID=Europe/Paris:20270203T000000'],
    ['as an instant', 'RECURRENCE-ID:20270202T230000Z'],
    ['as a date', 'RECURRENCE-ID;VALUE=DATE:20270203'],
  ])('%s', async (_, line) => {
    await invite(nightly);
    await answer(line, YES);
    expect([stored(), stored('20270203T020000Z')]).toEqual(['NEEDS-ACTION', 'ACCEPTED']);
  });

  it('of an occurrence that has an override', async () => {
    const moved = ['RECURRENCE-ID;TZID=Europe/Paris:20270203T030000', 'DTSTART:20270203T150000Z', INVITED];
    await invite(nightly, moved);
    await answer('RECURRENCE-ID:20270203T000000', YES);
    expect([stored(), stored('20270203T020000Z')]).toEqual(['NEEDS-ACTION', 'ACCEPTED']);
  });

  it('of the first of this and all following', async () => {
    await invite(nightly.with(2, 'RRULE:FREQ=DAILY;COUNT=4'));
    await answer('RECURRENCE-ID;RANGE=THISANDFUTURE:20270203T000000', YES);
    const ids = ['20270202T020000Z', '20270203T020000Z', '20270204T020000Z'];
    expect(ids.map(stored)).toEqual(['NEEDS-ACTION', 'ACCEPTED', 'ACCEPTED']);
  });

  it('of a COUNTER', async () => {
    await invite(nightly);
    await send('COUNTER', ['RECURRENCE-ID:20270203T000000', 'DTSTART:20270203T120000Z', YES]);
    expect(await kit.reasons(uid)).toContain('recorded proposal');
  });

  it.each([
    ['the day has two', ['DTSTART:20270201T030000Z', 'RRULE:FREQ=HOURLY;INTERVAL=12'], 'RECURRENCE-ID:20270203T000000'],
    ['the day has none', ['DTSTART:20270201T030000Z', 'RRULE:FREQ=WEEKLY'], 'RECURRENCE-ID:20270203T000000'],
    ['it is another time', ['DTSTART:20270201T030000Z', 'RRULE:FREQ=DAILY'], 'RECURRENCE-ID:20270203T010000'],
  ])('but is held if %s', async (_, times, line) => {
    await invite([...times, 'DURATION:PT1H', INVITED]);
    await answer(line, YES);
    expect(await kit.reasons(uid)).toContain('held no-such-occurrence');
  });
});

describe('D8: an answer of somebody who delegated withdraws the delegation', () => {
  const toCarol = `DELEGATED-TO="mailto:${carol.asWritten}"`;
  const byBob = `ATTENDEE;DELEGATED-FROM="mailto:${bob.asWritten}":mailto:${carol.asWritten}`;
  const single = (line: string): string[] => ['DTSTART:20270201T030000Z', 'DURATION:PT1H', line, byBob];
  const unfolded = (): string => kit.calendar.text(uid).replaceAll('\r\n ', '');

  it.each(['ACCEPTED', 'DECLINED', 'TENTATIVE', 'NEEDS-ACTION'])('with %s', async (partstat) => {
    await invite(single(`ATTENDEE;PARTSTAT=DELEGATED;${toCarol};RSVP=TRUE${TO_BOB}`));
    await answer(`ATTENDEE;PARTSTAT=${partstat}${TO_BOB}`);
    expect(unfolded()).toBe(calendar(null, single(`ATTENDEE;PARTSTAT=${partstat};RSVP=TRUE${TO_BOB}`)));
  });

  it('even if only DELEGATED-TO is left', async () => {
    await invite(single(`ATTENDEE;${toCarol};PARTSTAT=ACCEPTED${TO_BOB}`));
    await answer(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`);
    expect(unfolded()).toBe(calendar(null, single(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`)));
  });

  it('by a link', async () => {
    await invite(single(`ATTENDEE;PARTSTAT=DELEGATED;${toCarol}${TO_BOB}`));
    await kit.click(uid, bob, 'DECLINED');
    await kit.settle();
    expect(unfolded()).toBe(calendar(null, single(`ATTENDEE;PARTSTAT=DECLINED${TO_BOB}`)));
  });

  it('in the overrides that follow the series', async () => {
    const delegated = `ATTENDEE;PARTSTAT=DELEGATED;${toCarol}${TO_BOB}`;
    const at = 'RECURRENCE-ID:20270203T030000Z';
    const series = (line: string): string[][] => [
      ['DTSTART:20270201T030000Z', 'RRULE:FREQ=DAILY', line, byBob],
      [at, 'DTSTART:20270203T050000Z', line, byBob],
    ];
    await invite(...series(delegated));
    await answer(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`);
    expect(unfolded()).toBe(calendar(null, ...series(`ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`)));
  });

  it('for one date only in an answer to that date', async () => {
    const line = `ATTENDEE;PARTSTAT=DELEGATED;${toCarol}${TO_BOB}`;
    await invite(['DTSTART:20270201T030000Z', 'RRULE:FREQ=DAILY', line, byBob]);
    await answer('RECURRENCE-ID:20270203T030000Z', `ATTENDEE;PARTSTAT=ACCEPTED${TO_BOB}`);
    expect([stored(), stored('20270203T030000Z')]).toEqual(['DELEGATED', 'ACCEPTED']);
    expect(unfolded().split(toCarol)).toHaveLength(2);
  });

  it('but not with DELEGATED again', async () => {
    const line = `ATTENDEE;PARTSTAT=DELEGATED;${toCarol}${TO_BOB}`;
    await invite(single(line));
    const before = kit.calendar.text(uid);
    await answer(line);
    expect(kit.calendar.text(uid)).toBe(before);
  });
});
