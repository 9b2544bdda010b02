// Faults I5 and I8: an answer whose DTSTART identifies its date or its time.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CalendarAddress, Partstat } from '../../../src/core/ical/types.ts';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { alice, bob, carol, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'weekly@example.com';
const FIRST = '20270202T100000Z';
const SECOND = '20270209T100000Z';
const THIRD = '20270216T100000Z';

function calendar(...components: readonly (readonly string[])[]): string {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', `UID:${uid}`, ...each, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//client//EN', ...lines, 'END:VCALENDAR', ''].join(
    '\r\n',
  );
}

function guest(who: CalendarAddress, partstat: Partstat = 'NEEDS-ACTION'): string {
  return `ATTENDEE;PARTSTAT=${partstat}:mailto:${who.asWritten}`;
}

function master(
  sequence: number,
  guests: readonly CalendarAddress[],
  start = FIRST,
  rule = 'RRULE:FREQ=WEEKLY',
): string[] {
  const times = [`DTSTART:${start}`, 'DURATION:PT1H', ...(rule === '' ? [] : [rule])];
  return [
    `SEQUENCE:${sequence}`,
    ...times,
    `ORGANIZER:mailto:${alice.asWritten}`,
    ...guests.map((each) => guest(each)),
  ];
}

function override(id: string, start: string, sequence: number, ...guests: readonly CalendarAddress[]): string[] {
  return [`RECURRENCE-ID:${id}`, ...master(sequence, guests, start, '')];
}

function reply(sequence: number, ...lines: readonly string[]): string {
  const component = [`SEQUENCE:${sequence}`, 'DTSTAMP:20270110T120000Z', ...lines, guest(bob, 'ACCEPTED')];
  return calendar(component).replace('VERSION', 'METHOD:REPLY\r\nVERSION');
}

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function invite(text: string): Promise<void> {
  kit.clock.now += 60_000;
  kit.calendar.put(uid, text);
  await kit.invite(text, bob);
  await kit.settle();
}

async function answer(text: string, sentAt?: number): Promise<void> {
  kit.clock.now += 60_000;
  const to = replyTo(kit, bob);
  await kit.mail(calendarMail(text, { from: bob, to, date: sentAt ?? kit.clock.now }), to);
  await kit.settle();
}

function stored(at: string | null): Partstat | null {
  return partstatOf(parseEvent(kit.calendar.text(uid)), bob, at);
}

describe('I5: an answer without RECURRENCE-ID, of a guest of single dates', () => {
  const series = master(0, [carol]);
  const second = override(SECOND, '20270209T140000Z', 0, bob, carol);
  const third = override(THIRD, '20270216T150000Z', 0, bob);
  const ofCarol = override('20270223T100000Z', '20270223T160000Z', 0, carol);
  const both = [series, second, third, ofCarol];

  it.each([
    ['the only date, with its DTSTART', [series, second, ofCarol], 'DTSTART:20270209T140000Z', [SECOND]],
    ['the only date, without DTSTART', [series, second, ofCarol], 'SUMMARY:Weekly', [SECOND]],
    ['the only date, with another DTSTART', [series, second, ofCarol], `DTSTART:${FIRST}`, [SECOND]],
    ['the only date of an event without a series', [second, ofCarol], 'DTSTART:20270209T140000Z', [SECOND]],
    ['the date with that DTSTART', both, 'DTSTART:20270216T150000Z', [THIRD]],
    ['the date with that DTSTART in a zone', both, 'DTSTART;TZID=Europe/Paris:20270216T160000', [THIRD]],
    ['the date with that DTSTART without a zone', both, 'DTSTART:20270216T150000', [THIRD]],
    ['the date with that original DTSTART', both, `DTSTART:${SECOND}`, [SECOND]],
    ['all dates, without DTSTART', both, 'SUMMARY:Weekly', [SECOND, THIRD]],
    ['all dates, if none has that DTSTART', both, `DTSTART:${FIRST}`, [SECOND, THIRD]],
    [
      'all dates, if Bob is not invited to the date with that DTSTART',
      both,
      'DTSTART:20270223T160000Z',
      [SECOND, THIRD],
    ],
  ])('is for %s', async (_, components, line, accepted) => {
    await invite(calendar(...components));
    const before = kit.calendar.text(uid);
    await answer(reply(0, line));
    const ids = [SECOND, THIRD].filter((at) => stored(at) === 'ACCEPTED');
    expect(ids).toEqual(accepted);
    const changed = kit.calendar.text(uid).replaceAll(guest(bob, 'ACCEPTED'), guest(bob));
    expect(changed).toBe(before);
    expect(await kit.reasons(uid)).toContain('applied applied');
  });

  it('is for the series if Bob is invited to it', async () => {
    await invite(calendar(master(0, [bob, carol]), second, third));
    await answer(reply(0, 'DTSTART:20270216T150000Z'));
    expect([null, SECOND, THIRD].map(stored)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED']);
  });

  it('is held if the series is not stored and DTSTART is none of the dates', async () => {
    await invite(calendar(second, third));
    await answer(reply(0, `DTSTART:${FIRST}`));
    expect(await kit.reasons(uid)).toContain('held no-such-occurrence');
  });

  it('is held if Bob is invited to no date', async () => {
    await invite(calendar(series, ofCarol));
    await answer(reply(0, 'DTSTART:20270223T160000Z'));
    expect(await kit.reasons(uid)).toContain('held not-invited');
  });

  it('can be followed by one for another date', async () => {
    await invite(calendar(...both));
    await answer(reply(0, 'DTSTART:20270209T140000Z'));
    await answer(reply(0, 'DTSTART:20270216T150000Z').replace('ACCEPTED', 'DECLINED'));
    expect([SECOND, THIRD].map(stored)).toEqual(['ACCEPTED', 'DECLINED']);
  });
});

describe('I8: an answer with the last mailed time is not stale', () => {
  const NEW = '20270209T160000Z';
  const moved = calendar(master(2, [bob]), override(SECOND, NEW, 3, bob));

  beforeEach(() => invite(calendar(master(2, [bob]))));

  it.each([
    ['in UTC', `DTSTART:${NEW}`],
    ['in a zone', 'DTSTART;TZID=Europe/Paris:20270209T170000'],
  ])('for one date, with the SEQUENCE of the series: %s', async (_, line) => {
    await invite(moved);
    await answer(reply(2, `RECURRENCE-ID:${SECOND}`, line));
    expect(stored(SECOND)).toBe('ACCEPTED');
  });

  it('after an answer with the SEQUENCE of the date', async () => {
    await invite(moved);
    await answer(reply(3, `RECURRENCE-ID:${SECOND}`, `DTSTART:${NEW}`).replace('ACCEPTED', 'DECLINED'));
    await answer(reply(2, `RECURRENCE-ID:${SECOND}`, `DTSTART:${NEW}`));
    expect(stored(SECOND)).toBe('ACCEPTED');
  });

  it('for a series that was moved', async () => {
    await invite(calendar(master(3, [bob], '20270203T120000Z')));
    await answer(reply(2, 'DTSTART:20270203T120000Z'));
    expect(stored(null)).toBe('ACCEPTED');
  });

  it('for a date of a series that was moved', async () => {
    await invite(calendar(master(3, [bob], '20270203T120000Z')));
    await answer(reply(2, 'RECURRENCE-ID:20270210T120000Z', 'DTSTART:20270210T120000Z'));
    expect(stored('20270210T120000Z')).toBe('ACCEPTED');
  });

  it('but is stale if it was sent before the time was moved away and back', async () => {
    const sentAt = kit.clock.now + 1_000;
    await invite(calendar(master(3, [bob], '20270203T120000Z')));
    await answer(reply(3, 'DTSTART:20270203T120000Z').replace('ACCEPTED', 'DECLINED'));
    await invite(calendar(master(4, [bob])));
    await answer(reply(2, `DTSTART:${FIRST}`), sentAt);
    expect(stored(null)).toBe('NEEDS-ACTION');
    await answer(reply(2, `DTSTART:${FIRST}`));
    expect(stored(null)).toBe('ACCEPTED');
  });

  it.each([
    ['states the old time', moved, [`RECURRENCE-ID:${SECOND}`, `DTSTART:${SECOND}`]],
    ['states no time', moved, [`RECURRENCE-ID:${SECOND}`]],
    ['states a time that was never mailed', moved, [`RECURRENCE-ID:${SECOND}`, 'DTSTART:20270209T180000Z']],
    [
      'states the start of a series whose rule has changed',
      calendar(master(3, [bob], FIRST, 'RRULE:FREQ=DAILY')),
      [`DTSTART:${FIRST}`],
    ],
    [
      'states the start of a date that became longer',
      calendar(master(2, [bob]), override(SECOND, SECOND, 3, bob)).replace(/PT1H(?![^]*PT1H)/, 'PT4H'),
      [`RECURRENCE-ID:${SECOND}`, `DTSTART:${SECOND}`],
    ],
  ])('but is stale if it %s', async (_, text, lines) => {
    await invite(text);
    const before = kit.calendar.text(uid);
    await answer(reply(2, ...lines));
    expect(kit.calendar.text(uid)).toBe(before);
    expect(await kit.reasons(uid)).toContain('ignored stale');
  });
});
