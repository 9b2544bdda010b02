import { describe, expect, it } from 'vitest';
import { mailedOccurrence } from '../../../src/core/itip/mailed-occurrence.ts';
import type { MailedRevision } from '../../../src/core/itip/types.ts';

const unstamped = { raised: {}, mailedAt: 0, stampedAt: 0 };

function mail(...components: (readonly string[])[]): MailedRevision {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  const calendar = ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
  return { recurrenceId: null, method: 'REQUEST', sequence: 7, ...unstamped, scheduleFingerprint: '', calendar };
}

const SERIES = ['DTSTART;TZID=Europe/Paris:20261101T100000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY', 'SEQUENCE:3'];
const HOUR = 3_600_000;

describe('mailedOccurrence', () => {
  it('returns the SEQUENCE of the mail for the event itself', () => {
    expect(mailedOccurrence(mail(SERIES), null)).toEqual({
      sequence: 7,
      start: '20261101T090000Z',
      time: null,
      overridden: false,
    });
  });

  it.each([
    ['reads an instance of the series', [SERIES], 3, '20261122T090000Z', HOUR, false],
    [
      'reads an override at its original start',
      [SERIES, ['RECURRENCE-ID:20261122T090000Z', 'DTSTART:20261122T090000Z', 'DTEND:20261122T100000Z', 'SEQUENCE:4']],
      4,
      '20261122T090000Z',
      HOUR,
      true,
    ],
    [
      'reads a moved and longer override',
      [SERIES, ['RECURRENCE-ID:20261122T090000Z', 'DTSTART:20261122T120000Z', 'DURATION:PT2H']],
      0,
      '20261122T120000Z',
      2 * HOUR,
      true,
    ],
    [
      'reads a period of the series',
      [[...SERIES, 'RDATE;VALUE=PERIOD:20261122T090000Z/PT3H']],
      3,
      '20261122T090000Z',
      3 * HOUR,
      false,
    ],
    [
      'ignores another moved override',
      [SERIES, ['RECURRENCE-ID:20261123T090000Z', 'DTSTART:20261124T090000Z']],
      3,
      '20261122T090000Z',
      HOUR,
      false,
    ],
  ] as const)('%s', (_, components, sequence, start, length, overridden) => {
    expect(mailedOccurrence(mail(...components), '20261122T090000Z')).toEqual({
      sequence,
      start,
      time: `${start}/${length}`,
      overridden,
    });
  });

  it('returns the SEQUENCE of the mail if the mail raised it', () => {
    const override = ['RECURRENCE-ID:20261122T090000Z', 'DTSTART:20261122T120000Z', 'SEQUENCE:1'];
    const both = mail(SERIES, override);
    const sequenceAt = (raised: Record<string, number>, id: string) =>
      mailedOccurrence({ ...both, raised }, id).sequence;
    expect(sequenceAt({ '20261122T090000Z': 8 }, '20261122T090000Z')).toBe(8);
    expect(sequenceAt({ '': 5 }, '20261122T090000Z')).toBe(1);
    expect(sequenceAt({ '': 5 }, '20261123T090000Z')).toBe(5);
    expect(sequenceAt({ '20261122T090000Z': 8 }, '20261123T090000Z')).toBe(3);
  });

  it.each([
    ['is no longer stored', ''],
    ['cannot be parsed', 'BEGIN:VCALENDAR'],
    ['has only other occurrences', mail(['RECURRENCE-ID:20261123T090000Z', 'DTSTART:20261123T090000Z']).calendar],
  ])('returns the SEQUENCE of the mail and no time if the calendar %s', (_, calendar) => {
    expect(mailedOccurrence({ ...mail(), calendar }, '20261122T090000Z')).toEqual({
      sequence: 7,
      start: null,
      time: null,
      overridden: false,
    });
  });
});
