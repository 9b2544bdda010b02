import { describe, expect, it } from 'vitest';
import { joinLines } from '../../../src/core/ical/content-lines.ts';
import { eventText, parseEvent, withParts } from '../../../src/core/ical/event-document.ts';
import { linesOf } from '../../../src/core/ical/read-components.ts';
import { occurrenceSpan } from '../../../src/core/ical/occurrence-span.ts';
import { occurrenceSchedule } from '../../../src/core/itip/fingerprint.ts';
import { mailedOccurrence } from '../../../src/core/itip/mailed-occurrence.ts';
import { makeOverride } from '../../../src/core/itip/make-override.ts';
import { normalComponents } from '../../../src/core/itip/normal-form.ts';
import { documentDifferences } from '../../../src/core/itip/what-changed.ts';

const OFFICE =
  'BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n';

/** Returns the override's lines without BEGIN, UID and END. */
function made(lines: readonly string[], recurrenceId: string, component = 'VEVENT'): string[] | null {
  const event = [`BEGIN:${component}`, 'UID:a', ...lines, `END:${component}`, ''].join('\r\n');
  const document = parseEvent(`BEGIN:VCALENDAR\r\n${OFFICE}${event}END:VCALENDAR\r\n`);
  const override = document.master && makeOverride(document.master, recurrenceId);
  return (
    override &&
    joinLines(linesOf([override]))
      .trimEnd()
      .split('\r\n')
      .slice(2, -1)
  );
}

function alarm(trigger: string): string[] {
  return ['BEGIN:VALARM', trigger, 'END:VALARM'];
}

describe('makeOverride', () => {
  it.each([
    [
      'UTC',
      ['DTSTART:20261006T080000Z', 'DTEND:20261006T093000Z'],
      '20261013T080000Z',
      ['DTSTART:20261013T080000Z', 'RECURRENCE-ID:20261013T080000Z', 'DTEND:20261013T093000Z'],
    ],
    [
      'a time in a zone',
      ['DTSTART;TZID=Europe/Paris:20261006T100000', 'DURATION:PT1H'],
      '20261027T090000Z',
      ['DTSTART;TZID=Europe/Paris:20261027T100000', 'RECURRENCE-ID;TZID=Europe/Paris:20261027T100000', 'DURATION:PT1H'],
    ],
    [
      'an end in another zone',
      ['DTSTART;TZID=Europe/Paris:20261006T100000', 'DTEND;TZID=America/New_York:20261006T050000'],
      '20261013T080000Z',
      [
        'DTSTART;TZID=Europe/Paris:20261013T100000',
        'RECURRENCE-ID;TZID=Europe/Paris:20261013T100000',
        'DTEND;TZID=America/New_York:20261013T050000',
      ],
    ],
    [
      "the organizer's own zone",
      ['DTSTART;TZID=Office:20261006T100000'],
      '20261013T070000Z',
      ['DTSTART;TZID=Office:20261013T100000', 'RECURRENCE-ID;TZID=Office:20261013T100000'],
    ],
    [
      'a date',
      ['DTSTART;VALUE=DATE:20261006', 'DTEND;VALUE=DATE:20261008'],
      '20261013',
      ['DTSTART;VALUE=DATE:20261013', 'RECURRENCE-ID;VALUE=DATE:20261013', 'DTEND;VALUE=DATE:20261015'],
    ],
    [
      'a floating time',
      ['DTSTART:20261006T100000', 'DTEND:20261006T110000'],
      '20261013T100000',
      ['DTSTART:20261013T100000', 'RECURRENCE-ID:20261013T100000', 'DTEND:20261013T110000'],
    ],
    [
      'a time in an unknown zone',
      ['DTSTART;TZID=Nowhere:20261006T100000'],
      '20261013T100000',
      ['DTSTART;TZID=Nowhere:20261013T100000', 'RECURRENCE-ID;TZID=Nowhere:20261013T100000'],
    ],
    [
      'a start with other parameters',
      ['DTSTART;X-A="b;c";TZID="Europe/Paris":20261006T100000'],
      '20261013T080000Z',
      ['DTSTART;X-A="b;c";TZID="Europe/Paris":20261013T100000', 'RECURRENCE-ID;TZID="Europe/Paris":20261013T100000'],
    ],
    [
      'a time in the second of two repeated hours',
      ['DTSTART;TZID=Europe/Paris:20261025T013000', 'DTEND;TZID=Europe/Paris:20261025T020000'],
      '20261025T013000Z',
      ['DTSTART:20261025T013000Z', 'RECURRENCE-ID:20261025T013000Z', 'DTEND;TZID=Europe/Paris:20261025T030000'],
    ],
    [
      'an event without its recurrence rules',
      [
        'DTSTART:20261006T080000Z',
        'RRULE:FREQ=DAILY',
        'RDATE:20261007T080000Z',
        'EXDATE:20261008T080000Z',
        'SUMMARY:x',
      ],
      '20261013T080000Z',
      ['DTSTART:20261013T080000Z', 'RECURRENCE-ID:20261013T080000Z', 'SUMMARY:x'],
    ],
  ])('moves %s', (_, lines, recurrenceId, expected) => {
    expect(made(lines, recurrenceId)).toEqual(expected);
  });

  it.each([
    [
      'DTEND',
      ['DTSTART:20261006T080000Z', 'DTEND:20261006T090000Z'],
      ['DTSTART:20261013T140000Z', 'RECURRENCE-ID:20261013T140000Z', 'DTEND:20261013T163000Z'],
    ],
    [
      'DTEND in a zone',
      ['DTSTART;TZID=Europe/Paris:20261006T100000', 'DTEND;TZID=America/New_York:20261006T050000'],
      [
        'DTSTART;TZID=Europe/Paris:20261013T160000',
        'RECURRENCE-ID;TZID=Europe/Paris:20261013T160000',
        'DTEND;TZID=America/New_York:20261013T123000',
      ],
    ],
    [
      'DURATION',
      ['DTSTART:20261006T080000Z', 'DURATION:PT1H', 'SUMMARY:x'],
      ['DTSTART:20261013T140000Z', 'RECURRENCE-ID:20261013T140000Z', 'DURATION:PT2H30M', 'SUMMARY:x'],
    ],
    [
      'no end',
      ['DTSTART:20261006T080000Z', 'SUMMARY:x'],
      ['DTSTART:20261013T140000Z', 'RECURRENCE-ID:20261013T140000Z', 'DURATION:PT2H30M', 'SUMMARY:x'],
    ],
  ])('gives a period its own length: a master with %s', (_, lines, expected) => {
    const dates = 'RDATE;VALUE=PERIOD:20261012T140000Z/PT9H,20261013T140000Z/PT2H30M';
    expect(made([...lines, dates], '20261013T140000Z')).toEqual(expected);
  });

  it.each([
    ['a period', ['DTEND;TZID=Europe/Paris:20261006T110000', 'RDATE;VALUE=PERIOD:20261020T080000Z/PT2H']],
    ['a period of a master with DURATION', ['DURATION:PT1H', 'RDATE;VALUE=PERIOD:20261020T080000Z/20261020T100000Z']],
    ['a period of a master without an end', ['RDATE;VALUE=PERIOD:20261020T080000Z/PT2H']],
    ['an exact end across a DST change', ['DTEND;TZID=Europe/Paris:20261016T100000', 'RRULE:FREQ=DAILY']],
    ['a nominal DURATION across a DST change', ['DURATION:P10D', 'RRULE:FREQ=DAILY']],
  ])('changes no time, as every reader of a time sees it: %s', (_, lines) => {
    const id = '20261020T080000Z';
    const event = ['BEGIN:VEVENT', 'UID:a', 'DTSTART;TZID=Europe/Paris:20261006T100000', ...lines, 'END:VEVENT'];
    const before = parseEvent(['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR', ''].join('\r\n'));
    const override = before.master && makeOverride(before.master, id);
    if (!before.master || !override) throw new TypeError('no override');
    const at = before.parts.indexOf(before.master) + 1;
    const after = withParts(before, [...before.parts.slice(0, at), override, ...before.parts.slice(at)]);
    const spans = [before.master, override].map((component) => occurrenceSpan(component, id));
    expect(spans.map(({ end }) => end?.instant)).toEqual([spans[0]?.end?.instant, spans[0]?.end?.instant]);
    expect(occurrenceSchedule(after, id)).toBe(occurrenceSchedule(before, id));
    const [unmailed, mailed] = [before, after].map((document) => {
      const calendar = eventText(document);
      const facts = {
        recurrenceId: null,
        method: 'REQUEST',
        sequence: 0,
        raised: {},
        mailedAt: 0,
        stampedAt: 0,
        scheduleFingerprint: '',
      } as const;
      return mailedOccurrence({ ...facts, calendar }, id).time;
    });
    expect(mailed).toBe(unmailed);
    expect(normalComponents(after)).toEqual(normalComponents(before));
    expect(documentDifferences(before, after)).toEqual([]);
  });

  it('moves DUE of a task', () => {
    expect(made(['DUE:20261006T080000Z', 'RRULE:FREQ=DAILY'], '20261013T080000Z', 'VTODO')).toEqual([
      'DUE:20261013T080000Z',
      'RECURRENCE-ID:20261013T080000Z',
    ]);
  });

  it('keeps alarms relative to the start, and removes those at an absolute time', () => {
    const lines = [
      'DTSTART:20261006T080000Z',
      ...alarm('TRIGGER:-PT5M'),
      ...alarm('TRIGGER;VALUE=DATE-TIME:20261001T080000Z'),
    ];
    expect(made(lines, '20261013T080000Z')).toEqual([
      'DTSTART:20261013T080000Z',
      'RECURRENCE-ID:20261013T080000Z',
      ...alarm('TRIGGER:-PT5M'),
    ]);
  });

  it.each([
    ['without a start', ['SUMMARY:x'], '20261013T080000Z'],
    ['with a date, at an instant', ['DTSTART;VALUE=DATE:20261006'], '20261013T080000Z'],
    ['with an instant, at a date', ['DTSTART:20261006T080000Z'], '20261013'],
    ['at an invalid time', ['DTSTART:20261006T080000Z'], 'soon'],
    ['with a floating time, at an instant', ['DTSTART:20261006T080000'], '20261013T080000Z'],
  ])('returns null for a master %s', (_, lines, recurrenceId) => {
    expect(made(lines, recurrenceId)).toBeNull();
  });

  // Found by test/fuzz: RECURRENCE-ID must have exactly the zone of DTSTART.
  it('keeps a control character in a TZID', () => {
    expect(made(['DTSTART;TZID=\0Europe/Paris:20261006T100000'], '20261013T100000')?.[1]).toBe(
      'RECURRENCE-ID;TZID=\0Europe/Paris:20261013T100000',
    );
  });
});
