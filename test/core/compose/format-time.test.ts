import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeDay,
  describeLeaf,
  describeStart,
  describeWhen,
  localeOf,
} from '../../../src/core/compose/format-time.ts';
import type { Templates } from '../../../src/core/compose/types.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import type { CalendarTime } from '../../../src/core/ical/types.ts';
import { loadTemplates } from './samples.ts';

function time(value: string, tzid: string | null = null): CalendarTime | null {
  return readTime(value, { tzid }, []);
}

const paris = (value: string): CalendarTime | null => time(value, 'Europe/Paris');

describe('describeWhen', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });

  const reader = { language: 'en', timezone: 'Europe/Paris' };

  it.each([
    [
      'within a day',
      paris('20261103T100000'),
      paris('20261103T113000'),
      ['Tuesday, November 3, 2026, 10:00 – 11:30 AM (Central European Time)'],
    ],
    [
      'over noon',
      paris('20261103T113000'),
      paris('20261103T123000'),
      ['Tuesday, November 3, 2026, 11:30 AM – 12:30 PM (Central European Time)'],
    ],
    [
      'over midnight',
      paris('20261103T220000'),
      paris('20261104T020000'),
      ['Tuesday, November 3, 2026 at 10:00 PM – Wednesday, November 4, 2026 at 2:00 AM (Central European Time)'],
    ],
    [
      'without an end',
      paris('20261103T100000'),
      null,
      ['Tuesday, November 3, 2026 at 10:00 AM (Central European Time)'],
    ],
    [
      'without a length',
      paris('20261103T100000'),
      paris('20261103T100000'),
      ['Tuesday, November 3, 2026 at 10:00 AM (Central European Time)'],
    ],
    [
      'an end before the start',
      paris('20261103T100000'),
      paris('20261103T090000'),
      [
        'Tuesday, November 3, 2026 at 10:00 AM (Central European Time) – Tuesday, November 3, 2026 at 9:00 AM (Central European Time)',
      ],
    ],
    ['one whole day', time('20261103'), time('20261104'), ['Tuesday, November 3, 2026, all day']],
    ['one whole day without an end', time('20261103'), null, ['Tuesday, November 3, 2026, all day']],
    [
      'days, the last one inclusive',
      time('20261103'),
      time('20261106'),
      ['Tuesday, November 3 – Thursday, November 5, 2026, all day'],
    ],
    [
      'floating',
      time('20261103T100000'),
      time('20261103T110000'),
      ['Tuesday, November 3, 2026, 10:00 – 11:00 AM (local time)'],
    ],
    [
      'UTC, shown in the reader’s zone',
      time('20261103T090000Z'),
      time('20261103T100000Z'),
      ['Tuesday, November 3, 2026, 10:00 – 11:00 AM (Central European Time)'],
    ],
    [
      'a flight',
      paris('20261103T100000'),
      time('20261103T123000', 'America/New_York'),
      [
        'Tuesday, November 3, 2026 at 10:00 AM (Central European Time) – Tuesday, November 3, 2026 at 12:30 PM (Eastern Time)',
      ],
    ],
    [
      'an unknown zone',
      time('20261103T100000', 'Moon/Tranquility'),
      null,
      ['Tuesday, November 3, 2026 at 10:00 AM (Moon/Tranquility)'],
    ],
    ['no start', null, null, ['time not stated']],
  ])('%s', (_name, start, end, expected) => {
    expect(describeWhen(start, end, reader, templates)).toEqual(expected);
  });

  it('adds the time in the reader’s zone if it differs', () => {
    const [own, converted] = describeWhen(
      paris('20261103T220000'),
      paris('20261103T230000'),
      { language: 'en', timezone: 'Asia/Tokyo' },
      templates,
    );
    expect(own).toBe('Tuesday, November 3, 2026, 10:00 – 11:00 PM (Central European Time)');
    expect(converted).toBe('Wednesday, November 4, 2026, 6:00 – 7:00 AM (Japan Standard Time)');
  });

  it('adds no second line if the local time is the same or the reader’s zone is unknown', () => {
    for (const timezone of ['Europe/Berlin', 'UTC', 'Nowhere/Land']) {
      expect(describeWhen(paris('20261103T100000'), null, { language: 'en', timezone }, templates)).toHaveLength(1);
    }
  });

  it.each([
    ['en-GB', 'Tuesday, 3 November 2026, 10:00–11:30 (Central European Time)'],
    ['fr', 'mardi 3 novembre 2026, 10:00 – 11:30 (heure d’Europe centrale)'],
    ['de', 'Dienstag, 3. November 2026, 10:00–11:30 Uhr (Mitteleuropäische Zeit)'],
    ['nl', 'dinsdag 3 november 2026, 10:00–11:30 (Midden-Europese tijd)'],
    ['es', 'martes, 3 de noviembre de 2026, 10:00–11:30 (hora de Europa central)'],
    ['it', 'martedì 3 novembre 2026, 10:00–11:30 (Ora dell’Europa centrale)'],
  ])('uses the date format of %s', (language, expected) => {
    const when = describeWhen(paris('20261103T100000'), paris('20261103T113000'), { ...reader, language }, templates);
    expect(when).toEqual([expected]);
  });

  it('limits a TZID to a short label', () => {
    const when = describeWhen(time('20261103T100000', `x\u202E${'y'.repeat(10_000)}`), null, reader, templates);
    expect(when[0]?.length).toBeLessThan(120);
    expect(when[0]).not.toContain('\u202E');
  });
});

describe('describeStart, describeDay, describeLeaf', () => {
  const reader = { language: 'en', timezone: 'America/New_York' };

  it('return short texts', () => {
    expect(describeStart(paris('20261103T100000'), reader)).toBe('Tue, Nov 3, 2026, 10:00 AM');
    expect(describeStart(time('20261103'), reader)).toBe('Tue, Nov 3, 2026');
    expect(describeStart(null, reader)).toBe('');
    expect(describeDay({ form: 'date', local: '20261103', zone: null, instant: null }, reader)).toBe(
      'November 3, 2026',
    );
    expect(describeLeaf(time('20261103T020000Z'), reader)).toEqual({ month: 'Nov', day: '2', weekday: 'Mon' });
    expect(describeLeaf(null, reader)).toBeNull();
  });
});

describe('localeOf', () => {
  it('returns English for an invalid language tag', () => {
    expect(localeOf('fr-ca')).toBe('fr-CA');
    expect(localeOf('../../etc')).toBe('en');
    expect(localeOf('')).toBe('en');
  });
});
