// I4: an answer to a date that RDATE gives as a period keeps the length of that period (RFC 5545 §3.8.5.2).
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { readEventView } from '../../../src/core/compose/event-view.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'seminar@example.com';
const PERIOD = '20270216T160000Z';

/** Tuesdays at 10:00 for one hour, and one afternoon of two hours. */
function event(...times: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//example//client//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    'SEQUENCE:1',
    ...times,
    'SUMMARY:Seminar',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function reply(recurrenceId: string): string {
  return [
    'BEGIN:VCALENDAR',
    'METHOD:REPLY',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T120000Z',
    'SEQUENCE:1',
    recurrenceId,
    `ATTENDEE;PARTSTAT=DECLINED:mailto:${bob.asWritten}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function answer(text: string, recurrenceId: string): Promise<void> {
  kit.calendar.put(uid, text);
  await kit.invite(text, bob);
  await kit.settle();
  kit.mails.length = 0;
  kit.clock.now += 60_000;
  const to = replyTo(kit, bob);
  await kit.mail(calendarMail(reply(recurrenceId), { from: bob, to, date: kit.clock.now }), to, bob.asWritten);
  await kit.settle();
}

describe('I4: an answer to an RDATE period', () => {
  const weekly = ['RRULE:FREQ=WEEKLY;COUNT=4'];
  const oneHour = ['DTSTART:20270202T100000Z', 'DTEND:20270202T110000Z'];
  const cases: { why: string; times: string[] }[] = [
    { why: 'with a duration', times: [...oneHour, ...weekly, `RDATE;VALUE=PERIOD:${PERIOD}/PT2H`] },
    { why: 'with an end', times: [...oneHour, ...weekly, `RDATE;VALUE=PERIOD:${PERIOD}/20270216T180000Z`] },
    { why: 'without a rule', times: [...oneHour, `RDATE;VALUE=PERIOD:${PERIOD}/PT2H`] },
    {
      why: 'of a series with DURATION',
      times: ['DTSTART:20270202T100000Z', 'DURATION:PT1H', ...weekly, `RDATE;VALUE=PERIOD:${PERIOD}/PT2H`],
    },
    {
      why: 'of a series without an end',
      times: ['DTSTART:20270202T100000Z', ...weekly, `RDATE;VALUE=PERIOD:${PERIOD}/PT2H`],
    },
    {
      why: 'in a zone',
      times: [
        'DTSTART;TZID=Europe/Paris:20270202T110000',
        'DTEND;TZID=Europe/Paris:20270202T120000',
        ...weekly,
        'RDATE;TZID=Europe/Paris;VALUE=PERIOD:20270216T170000/20270216T190000',
      ],
    },
  ];
  it.each(cases)('$why', async ({ times }) => {
    await answer(event(...times), `RECURRENCE-ID:${PERIOD}`);
    const document = parseEvent(kit.calendar.text(uid));
    expect(partstatOf(document, bob, PERIOD)).toBe('DECLINED');
    const [override] = document.overrides;
    expect(override?.start?.instant).toBe(Date.UTC(2027, 1, 16, 16));
    expect(override?.end?.instant).toBe(Date.UTC(2027, 1, 16, 18));
    const [notice] = await kit.mailsTo(alice);
    expect(notice?.text).toContain('February 16, 2027');
    expect(readEventView(kit.calendar.text(uid), PERIOD, null, null).end?.instant).toBe(Date.UTC(2027, 1, 16, 18));
  });

  it('with RANGE=THISANDFUTURE: each date keeps its own length', async () => {
    const times = [...oneHour, ...weekly, `RDATE;VALUE=PERIOD:${PERIOD}/PT2H`];
    await answer(event(...times), 'RECURRENCE-ID;RANGE=THISANDFUTURE:20270209T100000Z');
    const lengths = parseEvent(kit.calendar.text(uid)).overrides.map(({ recurrenceId, start, end }) => [
      recurrenceId,
      ((end?.instant ?? 0) - (start?.instant ?? 0)) / 3_600_000,
    ]);
    expect(lengths).toEqual([
      ['20270209T100000Z', 1],
      ['20270216T100000Z', 1],
      [PERIOD, 2],
      ['20270223T100000Z', 1],
    ]);
  });
});
