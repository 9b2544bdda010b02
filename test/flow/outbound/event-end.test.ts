import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { endOf } from '../../../src/flow/outbound/event-end.ts';
import { type FlowKit, openFlowKit } from '../flow-kit.ts';

let kit: FlowKit;
beforeAll(async () => {
  kit = await openFlowKit();
});
afterAll(() => kit.close());

async function endsAt(recurrenceId: string | null, ...lines: readonly string[]): Promise<string | null> {
  const event = ['BEGIN:VEVENT', 'UID:a', 'DTSTART:20270202T100000Z', ...lines, 'END:VEVENT'];
  const document = parseEvent(['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR', ''].join('\r\n'));
  const end = await endOf(document, recurrenceId, kit.expand);
  return end === null ? null : new Date(end).toISOString().slice(0, 16);
}

describe('endOf', () => {
  const hour = 'DTEND:20270202T110000Z';
  const weekly = 'RRULE:FREQ=WEEKLY;COUNT=3';
  it.each([
    ['a single event', null, [hour], '2027-02-02T11:00'],
    ['an event without an end', null, [], '2027-02-02T10:00'],
    ['a series', null, [hour, weekly], '2027-02-16T11:00'],
    ['a series without an end', null, [hour, 'RRULE:FREQ=WEEKLY'], null],
    ['an occurrence', '20270209T100000Z', [hour, weekly], '2027-02-09T11:00'],
    ['a period', '20270203T100000Z', [hour, weekly, 'RDATE;VALUE=PERIOD:20270203T100000Z/PT9H'], '2027-02-03T19:00'],
    [
      'a series whose last occurrence is a period',
      null,
      [hour, weekly, 'RDATE;VALUE=PERIOD:20270217T100000Z/P2D'],
      '2027-02-19T10:00',
    ],
    [
      'a series with a period that outlasts it',
      null,
      [hour, weekly, 'RDATE;VALUE=PERIOD:20270210T100000Z/20270228T100000Z'],
      '2027-02-28T10:00',
    ],
  ] as const)('%s', async (_, recurrenceId, lines, expected) => {
    expect(await endsAt(recurrenceId, ...lines)).toBe(expected);
  });
});
