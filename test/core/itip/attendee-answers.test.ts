import { describe, expect, it } from 'vitest';
import { answersOf } from '../../../src/core/itip/attendee-answers.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { address } from './run-answer.ts';

const BOB = address('bob@example.com');

function copy(...components: readonly (readonly string[])[]): string {
  const events = components.map((lines) => ['BEGIN:VEVENT', 'UID:u', ...lines, 'END:VEVENT', ''].join('\r\n'));
  return `BEGIN:VCALENDAR\r\n${events.join('')}END:VCALENDAR\r\n`;
}

const bob = (partstat: string) => `ATTENDEE;PARTSTAT=${partstat}:mailto:bob@example.com`;
const SERIES = ['DTSTART:20260302T090000Z', 'RRULE:FREQ=DAILY'];
const SECOND = ['RECURRENCE-ID:20260303T090000Z', 'DTSTART:20260303T090000Z'];
const NEW = copy([...SERIES, bob('NEEDS-ACTION')]);

function answers(before: string | null, after: string | null, forced = false): unknown[] {
  const [old, now] = [before, after].map((text) => (text === null ? null : parseEvent(text)));
  return [...answersOf(old ?? null, now ?? null, BOB, forced)];
}

describe('answersOf', () => {
  it.each<[string, string | null, string | null, unknown[]]>([
    ['no change', NEW, NEW, []],
    ['accepted', NEW, copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['stored and accepted at once', null, copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['stored without an answer', null, NEW, []],
    [
      'one instance',
      NEW,
      copy([...SERIES, bob('NEEDS-ACTION')], [...SECOND, bob('DECLINED')]),
      [['20260303T090000Z', 'DECLINED']],
    ],
    [
      'one instance with the same answer as the series',
      copy([...SERIES, bob('ACCEPTED')]),
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('ACCEPTED')]),
      [],
    ],
    [
      'the series and one instance',
      NEW,
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('DECLINED')]),
      [
        [null, 'ACCEPTED'],
        ['20260303T090000Z', 'DECLINED'],
      ],
    ],
    [
      'one instance deleted',
      NEW,
      copy([...SERIES, 'EXDATE:20260303T090000Z', bob('NEEDS-ACTION')]),
      [['20260303T090000Z', 'DECLINED']],
    ],
    [
      'a declined instance deleted',
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('DECLINED')]),
      copy([...SERIES, 'EXDATE:20260303T090000Z', bob('ACCEPTED')]),
      [],
    ],
    [
      'a cancelled instance deleted',
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, 'STATUS:CANCELLED', bob('ACCEPTED')]),
      copy([...SERIES, 'EXDATE:20260303T090000Z', bob('ACCEPTED')]),
      [],
    ],
    ['deleted', NEW, null, [[null, 'DECLINED']]],
    ['declined, then deleted', copy([...SERIES, bob('DECLINED')]), null, []],
    ['cancelled, then deleted', copy([...SERIES, 'STATUS:CANCELLED', bob('ACCEPTED')]), null, []],
    ['accepted after it was cancelled', NEW, copy([...SERIES, 'STATUS:CANCELLED', bob('ACCEPTED')]), []],
    [
      'one of several single instances deleted',
      copy([...SECOND, bob('ACCEPTED')], [...SECOND.map((line) => line.replace('0303', '0304')), bob('ACCEPTED')]),
      copy([...SECOND, bob('ACCEPTED')]),
      [['20260304T090000Z', 'DECLINED']],
    ],
    [
      'a single instance without its RECURRENCE-ID',
      copy([...SECOND, bob('NEEDS-ACTION')]),
      copy(['DTSTART:20260303T090000Z', bob('ACCEPTED')]),
      [['20260303T090000Z', 'ACCEPTED']],
    ],
    [
      'one of two instances without its RECURRENCE-ID, ambiguous',
      copy([...SECOND, bob('ACCEPTED')], [...SECOND.map((line) => line.replace('0303', '0304')), bob('ACCEPTED')]),
      copy(['DTSTART:20260305T090000Z', bob('DECLINED')]),
      [],
    ],
    [
      'a series, of which only one instance invites the attendee',
      copy(SERIES, [...SECOND, bob('NEEDS-ACTION')]),
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('ACCEPTED')]),
      [['20260303T090000Z', 'ACCEPTED']],
    ],
    ['accepted without an invitation', copy(SERIES), copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['excluded without an invitation', copy(SERIES), copy([...SERIES, 'EXDATE:20260303T090000Z']), []],
  ])('%s', (_, before, after, expected) => {
    expect(answers(before, after)).toEqual(expected);
  });

  it('returns unchanged answers if forced', () => {
    const accepted = copy([...SERIES, bob('ACCEPTED')]);
    expect(answers(accepted, accepted)).toEqual([]);
    expect(answers(accepted, accepted, true)).toEqual([[null, 'ACCEPTED']]);
  });
});
