import { describe, expect, it } from 'vitest';
import { mailedOccurrence } from '../../../src/core/itip/mailed-occurrence.ts';
import type { MailedRevision } from '../../../src/core/itip/types.ts';

function mail(...components: (readonly string[])[]): MailedRevision {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  const calendar = ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
  return { recurrenceId: null, method: 'REQUEST', sequence: 7, mailedAt: 0, scheduleFingerprint: '', calendar };
}

const SERIES = ['DTSTART;TZID=Europe/Paris:20261101T100000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY', 'SEQUENCE:3'];
const HOUR = 3_600_000;

describe('mailedOccurrence', () => {
  it('says of the event what the record of the mail says', () => {
    expect(mailedOccurrence(mail(SERIES), null)).toEqual({ sequence: 7, time: null, overridden: false });
  });

  it.each([
    ['what the series makes of it', [SERIES], 3, '20261122T090000Z', HOUR, false],
    [
      'an override that stays where it was',
      [SERIES, ['RECURRENCE-ID:20261122T090000Z', 'DTSTART:20261122T090000Z', 'DTEND:20261122T100000Z', 'SEQUENCE:4']],
      4,
      '20261122T090000Z',
      HOUR,
      true,
    ],
    [
      'one that was moved and made longer',
      [SERIES, ['RECURRENCE-ID:20261122T090000Z', 'DTSTART:20261122T120000Z', 'DURATION:PT2H']],
      0,
      '20261122T120000Z',
      2 * HOUR,
      true,
    ],
    [
      'another occurrence that was moved',
      [SERIES, ['RECURRENCE-ID:20261123T090000Z', 'DTSTART:20261124T090000Z']],
      3,
      '20261122T090000Z',
      HOUR,
      false,
    ],
  ] as const)('%s', (_, components, sequence, start, length, overridden) => {
    expect(mailedOccurrence(mail(...components), '20261122T090000Z')).toEqual({
      sequence,
      time: `${start}/${length}`,
      overridden,
    });
  });

  it.each([
    ['is not known any more', ''],
    ['cannot be read', 'BEGIN:VCALENDAR'],
    ['is about other occurrences', mail(['RECURRENCE-ID:20261123T090000Z', 'DTSTART:20261123T090000Z']).calendar],
  ])('gives the record and no time where the calendar %s', (_, calendar) => {
    expect(mailedOccurrence({ ...mail(), calendar }, '20261122T090000Z')).toEqual({
      sequence: 7,
      time: null,
      overridden: false,
    });
  });
});
