// Faults that a review of the code found (R). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEvent, partstatOf } from '../../src/core/ical/event-document.ts';
import { bob, type FlowKit, alice, openFlowKit } from '../flow/flow-kit.ts';

const uid = 'planning@example.com';

function event(times: readonly string[], sequence = 1): string {
  return `${[
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//example//client//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    `SEQUENCE:${sequence}`,
    ...times,
    'SUMMARY:Planning',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\r\n')}\r\n`;
}

const single = ['DTSTART:20270202T100000Z', 'DTEND:20270202T110000Z'];
const series = [...single, 'RRULE:FREQ=WEEKLY;COUNT=6'];

describe('R1: a re-read applies an overwritten answer again', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  /** Bob accepts `before`; a client then stores `after` with the answer reset; the copy is re-read. */
  async function afterReset(before: string, after: string, recurrenceId: string | null = null): Promise<string | null> {
    kit.calendar.put(uid, before);
    await kit.invite(before, bob);
    await kit.settle();
    await kit.click(uid, bob, 'ACCEPTED', parseEvent(before).master?.sequence ?? 0, recurrenceId);
    await kit.settle();
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId)).toBe('ACCEPTED');
    kit.calendar.put(uid, after);
    kit.clock.now += 2_000;
    await kit.settle();
    return partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId);
  }

  const moves: { why: string; before: string; after: string; recurrenceId?: string }[] = [
    {
      why: 'to another day',
      before: event(single),
      after: event(['DTSTART:20270203T100000Z', 'DTEND:20270203T110000Z']),
    },
    { why: 'to a later end', before: event(single), after: event([single[0] ?? '', 'DTEND:20270202T120000Z']) },
    { why: 'to a longer duration', before: event(single), after: event([single[0] ?? '', 'DURATION:PT2H']) },
    { why: 'to a whole day', before: event(single), after: event(['DTSTART;VALUE=DATE:20270202']) },
    { why: 'and becomes a series', before: event(single), after: event(series) },
    {
      why: 'with another rule',
      before: event(series),
      after: event([...single, 'RRULE:FREQ=WEEKLY;BYDAY=TU,WE;COUNT=6']),
    },
    { why: 'with a further date', before: event(series), after: event([...series, 'RDATE:20270204T100000Z']) },
    { why: 'without one date', before: event(series), after: event([...series, 'EXDATE:20270209T100000Z']) },
    {
      why: 'though SEQUENCE went down',
      before: event(single, 2),
      after: event(['DTSTART:20270203T100000Z', 'DTEND:20270203T110000Z'], 1),
    },
    {
      why: 'one date of a series',
      before: event(series),
      recurrenceId: '20270209T100000Z',
      after: event(series).replace(
        'END:VEVENT',
        `END:VEVENT\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nRECURRENCE-ID:20270209T100000Z\r\nSEQUENCE:1\r\nDTSTART:20270209T140000Z\r\nDTEND:20270209T150000Z\r\nORGANIZER:mailto:${alice.asWritten}\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}\r\nEND:VEVENT`,
      ),
    },
    {
      why: 'the series of an answered date becomes longer',
      before: event(series),
      recurrenceId: '20270209T100000Z',
      after: event([single[0] ?? '', 'DTEND:20270202T123000Z', 'RRULE:FREQ=WEEKLY;COUNT=6']),
    },
  ];
  it.each(moves)('but not if the event moved at the same SEQUENCE: $why', async ({ before, after, recurrenceId }) => {
    expect(await afterReset(before, after, recurrenceId ?? null)).toBe('NEEDS-ACTION');
  });

  const stale: { why: string; before: string; after: string; recurrenceId?: string }[] = [
    { why: 'the same event', before: event(single), after: event(single) },
    { why: 'with a new title', before: event(single), after: event(single).replace('Planning', 'Plan') },
    {
      why: 'in other words: DURATION for DTEND',
      before: event(single),
      after: event([single[0] ?? '', 'DURATION:PT1H']),
    },
    { why: 'an older SEQUENCE of the same time', before: event(single, 3), after: event(single, 2) },
    {
      why: 'without the override of an answered date',
      before: event(series),
      after: event(series),
      recurrenceId: '20270209T100000Z',
    },
  ];
  it.each(stale)('if a stale copy was written over it: $why', async ({ before, after, recurrenceId }) => {
    expect(await afterReset(before, after, recurrenceId ?? null)).toBe('ACCEPTED');
  });
});
