import { describe, expect, it } from 'vitest';
import { type EventDifference, whatChanged } from '../../../src/core/itip/what-changed.ts';

function calendar(...components: readonly (readonly string[])[]): string {
  const events = components.map((lines) => ['BEGIN:VEVENT', 'UID:u', ...lines, 'END:VEVENT', ''].join('\n'));
  return `BEGIN:VCALENDAR\n${events.join('')}END:VCALENDAR\n`;
}

const ONCE = [
  'DTSTART;TZID=Europe/Berlin:20260302T100000',
  'DURATION:PT1H',
  'SUMMARY:Plan\\, first',
  'ATTENDEE:mailto:bob@example.com',
];
const WEEKLY = [...ONCE, 'RRULE:FREQ=WEEKLY'];
const THIRD = ['RECURRENCE-ID:20260316T090000Z', ...ONCE].map((line) => line.replace('20260302', '20260316'));

const swap = (lines: readonly string[], start: string, ...by: readonly string[]) => [
  ...lines.filter((line) => !line.startsWith(start)),
  ...by,
];

/** Returns times as `local zone`. */
function short(differences: readonly EventDifference[]): unknown[] {
  return differences.map((each) => {
    if (each.kind !== 'time') return each;
    const span = ({ start, end }: typeof each.before) => `${start?.local} ${end?.local} ${start?.zone}`;
    return { ...each, before: span(each.before), after: span(each.after) };
  });
}

describe('whatChanged', () => {
  it.each<[string, string, string, unknown[]]>([
    ['another order of properties', calendar(ONCE), calendar(ONCE.toReversed()), []],
    ['another notation', calendar(ONCE), calendar(swap(ONCE, 'DURATION', 'DTEND:20260302T100000Z')), []],
    [
      'the time',
      calendar(ONCE),
      calendar(swap(ONCE, 'DTSTART', 'DTSTART;TZID=Europe/Berlin:20260302T113000')),
      [
        {
          kind: 'time',
          recurrenceId: null,
          before: '20260302T100000 20260302T110000 Europe/Berlin',
          after: '20260302T113000 20260302T123000 Europe/Berlin',
        },
      ],
    ],
    [
      'from a time to a date',
      calendar(ONCE),
      calendar(swap(swap(ONCE, 'DURATION'), 'DTSTART', 'DTSTART;VALUE=DATE:20260302')),
      [
        {
          kind: 'time',
          recurrenceId: null,
          before: '20260302T100000 20260302T110000 Europe/Berlin',
          after: '20260302 20260303 null',
        },
      ],
    ],
    [
      'the zone of a series',
      calendar(WEEKLY),
      calendar(swap(WEEKLY, 'DTSTART', 'DTSTART:20260302T090000Z')),
      [
        {
          kind: 'time',
          recurrenceId: null,
          before: '20260302T100000 20260302T110000 Europe/Berlin',
          after: '20260302T090000 20260302T100000 UTC',
        },
      ],
    ],
    [
      'texts, unescaped',
      calendar([...ONCE, 'LOCATION:Room 7', 'URL:https://example.com/a']),
      calendar(
        swap([...ONCE, 'DESCRIPTION:one\\ntwo', 'LOCATION:Room 8', 'STATUS:CANCELLED'], 'SUMMARY', 'SUMMARY:Plan'),
      ),
      [
        { kind: 'title', recurrenceId: null, property: 'SUMMARY', before: 'Plan, first', after: 'Plan' },
        { kind: 'place', recurrenceId: null, property: 'LOCATION', before: 'Room 7', after: 'Room 8' },
        { kind: 'other', recurrenceId: null, property: 'URL', before: 'https://example.com/a', after: null },
        { kind: 'description', recurrenceId: null, property: 'DESCRIPTION', before: null, after: 'one\ntwo' },
        { kind: 'status', recurrenceId: null, property: 'STATUS', before: null, after: 'CANCELLED' },
      ],
    ],
    [
      'guests',
      calendar([...ONCE, 'ATTENDEE:mailto:carol@example.com']),
      calendar(
        swap(
          ONCE,
          'ATTENDEE',
          'ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:bob@example.com',
          'ATTENDEE:mailto:dave@example.com',
        ),
      ),
      [
        {
          kind: 'attendees',
          recurrenceId: null,
          added: ['dave@example.com'],
          removed: ['carol@example.com'],
          changed: ['bob@example.com'],
        },
      ],
    ],
    [
      'recurrence',
      calendar(WEEKLY),
      calendar([
        ...swap(WEEKLY, 'RRULE', 'RRULE:FREQ=WEEKLY;COUNT=9'),
        'EXDATE;TZID=Europe/Berlin:20260316T100000',
        'RDATE:20260318T090000Z',
      ]),
      [
        {
          kind: 'recurrence',
          recurrenceId: null,
          before: { rules: ['FREQ=WEEKLY'], added: [], excluded: [] },
          after: { rules: ['COUNT=9;FREQ=WEEKLY'], added: ['20260318T090000Z'], excluded: ['20260316T090000Z'] },
        },
      ],
    ],
    ['an override that equals the instance', calendar(WEEKLY), calendar(WEEKLY, THIRD), []],
    [
      'an instance moved across a DST change',
      calendar(WEEKLY),
      calendar(WEEKLY, swap(THIRD, 'DTSTART', 'DTSTART;TZID=Europe/Berlin:20260330T100000')),
      [
        {
          kind: 'time',
          recurrenceId: '20260316T090000Z',
          before: '20260316T100000 20260316T110000 Europe/Berlin',
          after: '20260330T100000 20260330T110000 Europe/Berlin',
        },
      ],
    ],
    [
      'a removed override',
      calendar(WEEKLY, swap(THIRD, 'SUMMARY', 'SUMMARY:Special')),
      calendar(WEEKLY),
      [
        {
          kind: 'title',
          recurrenceId: '20260316T090000Z',
          property: 'SUMMARY',
          before: 'Special',
          after: 'Plan, first',
        },
      ],
    ],
    [
      'an excluded instance with an override',
      calendar(WEEKLY, THIRD),
      calendar([...WEEKLY, 'EXDATE:20260316T090000Z']),
      [
        {
          kind: 'recurrence',
          recurrenceId: null,
          before: { rules: ['FREQ=WEEKLY'], added: [], excluded: [] },
          after: { rules: ['FREQ=WEEKLY'], added: [], excluded: ['20260316T090000Z'] },
        },
      ],
    ],
    [
      'a moved series, whose instances have new ids',
      calendar(WEEKLY, THIRD),
      calendar(
        ...[WEEKLY, THIRD].map((lines) =>
          lines.map((line) => line.replace('T100000', 'T110000').replace('T090000Z', 'T100000Z')),
        ),
      ),
      [
        {
          kind: 'time',
          recurrenceId: null,
          before: '20260302T100000 20260302T110000 Europe/Berlin',
          after: '20260302T110000 20260302T120000 Europe/Berlin',
        },
      ],
    ],
    [
      'one instance alone',
      calendar(THIRD),
      calendar(swap(THIRD, 'SUMMARY', 'SUMMARY:Plan')),
      [{ kind: 'title', recurrenceId: '20260316T090000Z', property: 'SUMMARY', before: 'Plan, first', after: 'Plan' }],
    ],
    [
      'an added instance without a series',
      calendar(THIRD),
      calendar(
        THIRD,
        THIRD.map((line) => line.replace('0316', '0323')),
      ),
      [{ kind: 'occurrence', recurrenceId: '20260323T090000Z', change: 'added' }],
    ],
    [
      'one instance instead of its series',
      calendar(WEEKLY),
      calendar(swap(THIRD, 'DTSTART', 'DTSTART;TZID=Europe/Berlin:20260317T150000')),
      [
        { kind: 'occurrence', recurrenceId: null, change: 'removed' },
        {
          kind: 'time',
          recurrenceId: '20260316T090000Z',
          before: '20260316T100000 20260316T110000 Europe/Berlin',
          after: '20260317T150000 20260317T160000 Europe/Berlin',
        },
      ],
    ],
    [
      'a series instead of one instance',
      calendar(THIRD),
      calendar(WEEKLY, THIRD),
      [{ kind: 'occurrence', recurrenceId: null, change: 'added' }],
    ],
  ])('%s', (_, previous, now, expected) => {
    expect(short(whatChanged(previous, now))).toEqual(expected);
  });

  it('refuses a text that is not a calendar', () => {
    expect(() => whatChanged(calendar(ONCE), 'BEGIN:VCALENDAR')).toThrow(
      expect.objectContaining({ code: 'calendar-unparseable' }),
    );
  });
});
