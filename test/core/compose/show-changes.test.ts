import { beforeAll, describe, expect, it } from 'vitest';
import { readEventView } from '../../../src/core/compose/event-view.ts';
import { type ShownChange, showChanges } from '../../../src/core/compose/show-changes.ts';
import type { Templates } from '../../../src/core/compose/types.ts';
import { calendar, event, loadTemplates, series } from './samples.ts';

function time(clock: string): string {
  return `Tuesday, November 3, 2026, ${clock} (Central European Time)`;
}

function oneDate(changed: Record<string, string | null>): string[] {
  return event({
    'RECURRENCE-ID': 'RECURRENCE-ID;TZID=Europe/Paris:20261201T100000',
    DTSTART: 'DTSTART;TZID=Europe/Paris:20261201T100000',
    DTEND: 'DTEND;TZID=Europe/Paris:20261201T113000',
    ...changed,
  });
}

describe('showChanges', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });
  const show = (before: string, after: string, guestList = true): readonly ShownChange[] =>
    showChanges(
      before,
      after,
      readEventView(after, null, null, null),
      guestList,
      { now: Date.UTC(2026, 9, 20), timezone: 'UTC' },
      { language: 'en', timezone: 'UTC' },
      templates,
    );
  const changes = (
    before: Record<string, string | null>,
    after: Record<string, string | null>,
  ): readonly ShownChange[] => show(calendar('REQUEST', event(before)), calendar('REQUEST', event(after)));

  it('shows the original time of a moved occurrence', () => {
    const moved = oneDate({
      DTSTART: 'DTSTART;TZID=Europe/Paris:20261202T140000',
      DTEND: 'DTEND;TZID=Europe/Paris:20261202T153000',
    });
    expect(show(calendar('REQUEST', event(series)), calendar('REQUEST', moved))).toEqual([
      {
        label: 'When',
        was: 'Tuesday, December 1, 2026, 10:00 – 11:30 AM (Central European Time)',
        now: 'Wednesday, December 2, 2026, 2:00 – 3:30 PM (Central European Time)',
      },
    ]);
  });

  it.each([
    ['title', { SUMMARY: 'SUMMARY:Old' }, {}, [{ label: 'Title', was: 'Old', now: 'Planning the spring issue' }]],
    [
      'time',
      { DTEND: 'DTEND;TZID=Europe/Paris:20261103T110000' },
      {},
      [{ label: 'When', was: time('10:00 – 11:00 AM'), now: time('10:00 – 11:30 AM') }],
    ],
    [
      'recurrence',
      {},
      series,
      [
        {
          label: 'Repeats',
          was: null,
          now: 'every other week on Tuesday, until June 30, 2027, except November 17, 2026',
        },
      ],
    ],
    ['place', {}, { LOCATION: null }, [{ label: 'Where', was: 'Room 3, Main Street 12', now: 'none' }]],
    ['link', { CONFERENCE: null }, {}, [{ label: 'Online', was: null, now: 'https://meet.example.com/abc-defg-hij' }]],
    ['details', { DESCRIPTION: 'DESCRIPTION:Short' }, {}, [{ label: 'Details', was: null, now: 'changed, see below' }]],
    [
      'taking place',
      { STATUS: 'STATUS:CANCELLED' },
      { STATUS: 'STATUS:CONFIRMED' },
      [{ label: 'When', was: null, now: 'takes place after all' }],
    ],
    [
      'guests',
      { ATTENDEE: 'ATTENDEE;CN=Dan Brown:mailto:dan@example.com' },
      {},
      [
        { label: 'Guests', was: null, now: 'added: Alice Martin, Bob Dupont, Carol Weiß' },
        { label: 'Guests', was: null, now: 'removed: Dan Brown' },
      ],
    ],
    ['an unsafe link', { CONFERENCE: 'CONFERENCE:javascript:a' }, { CONFERENCE: 'CONFERENCE:javascript:b' }, []],
    ['properties that the mail does not show', { SEQUENCE: 'SEQUENCE:1', TRANSP: 'TRANSP:OPAQUE' }, {}, []],
  ])('%s', (_what, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  const whole = calendar('REQUEST', event(series));

  it('shows the date of a changed occurrence', () => {
    const later = oneDate({ DTEND: 'DTEND;TZID=Europe/Paris:20261201T120000', LOCATION: 'LOCATION:Garden' });
    expect(show(whole, calendar('REQUEST', event(series), later))).toEqual([
      {
        label: 'When (December 1, 2026)',
        was: 'Tuesday, December 1, 2026, 10:00 – 11:30 AM (Central European Time)',
        now: 'Tuesday, December 1, 2026, 10:00 AM – 12:00 PM (Central European Time)',
      },
      { label: 'Where (December 1, 2026)', was: 'Room 3, Main Street 12', now: 'Garden' },
    ]);
    expect(show(whole, calendar('REQUEST', event(series), oneDate({ STATUS: 'STATUS:CANCELLED' })))).toContainEqual({
      label: 'When (December 1, 2026)',
      was: null,
      now: 'does not take place',
    });
  });

  it('shows no date if the mail is about that occurrence alone', () => {
    const before = calendar('REQUEST', oneDate({}));
    expect(show(before, calendar('REQUEST', oneDate({ LOCATION: 'LOCATION:Garden' })))).toEqual([
      { label: 'Where', was: 'Room 3, Main Street 12', now: 'Garden' },
    ]);
  });

  it('shows at most ten changes', () => {
    const dates = Array.from({ length: 30 }, (_, at) => {
      const day = String(at + 1).padStart(2, '0');
      return oneDate({
        'RECURRENCE-ID': `RECURRENCE-ID;TZID=Europe/Paris:202612${day}T100000`,
        LOCATION: 'LOCATION:Garden',
      });
    });
    const daily = event({ RRULE: 'RRULE:FREQ=DAILY' });
    expect(show(calendar('REQUEST', daily), calendar('REQUEST', daily, ...dates))).toHaveLength(10);
  });
});
