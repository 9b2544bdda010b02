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
    ['nothing', NEW, NEW, []],
    ['accepted', NEW, copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['accepted as it was stored', null, copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['stored without an answer', null, NEW, []],
    [
      'one instance',
      NEW,
      copy([...SERIES, bob('NEEDS-ACTION')], [...SECOND, bob('DECLINED')]),
      [['20260303T090000Z', 'DECLINED']],
    ],
    [
      'one instance, as the series',
      copy([...SERIES, bob('ACCEPTED')]),
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('ACCEPTED')]),
      [],
    ],
    [
      'both',
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
    ['declined before, deleted', copy([...SERIES, bob('DECLINED')]), null, []],
    ['cancelled before, deleted', copy([...SERIES, 'STATUS:CANCELLED', bob('ACCEPTED')]), null, []],
    ['answered after it was cancelled', NEW, copy([...SERIES, 'STATUS:CANCELLED', bob('ACCEPTED')]), []],
    [
      'of single instances, one deleted',
      copy([...SECOND, bob('ACCEPTED')], [...SECOND.map((line) => line.replace('0303', '0304')), bob('ACCEPTED')]),
      copy([...SECOND, bob('ACCEPTED')]),
      [['20260304T090000Z', 'DECLINED']],
    ],
    [
      'a single instance, which lost its RECURRENCE-ID',
      copy([...SECOND, bob('NEEDS-ACTION')]),
      copy(['DTSTART:20260303T090000Z', bob('ACCEPTED')]),
      [['20260303T090000Z', 'ACCEPTED']],
    ],
    [
      'one of two instances, nobody knows which',
      copy([...SECOND, bob('ACCEPTED')], [...SECOND.map((line) => line.replace('0303', '0304')), bob('ACCEPTED')]),
      copy(['DTSTART:20260305T090000Z', bob('DECLINED')]),
      [],
    ],
    [
      'for a series of which one instance is theirs',
      copy(SERIES, [...SECOND, bob('NEEDS-ACTION')]),
      copy([...SERIES, bob('ACCEPTED')], [...SECOND, bob('ACCEPTED')]),
      [['20260303T090000Z', 'ACCEPTED']],
    ],
    ['uninvited', copy(SERIES), copy([...SERIES, bob('ACCEPTED')]), [[null, 'ACCEPTED']]],
    ['not invited', copy(SERIES), copy([...SERIES, 'EXDATE:20260303T090000Z']), []],
  ])('%s', (_, before, after, expected) => {
    expect(answers(before, after)).toEqual(expected);
  });

  it('says it again where that is asked for', () => {
    const accepted = copy([...SERIES, bob('ACCEPTED')]);
    expect(answers(accepted, accepted)).toEqual([]);
    expect(answers(accepted, accepted, true)).toEqual([[null, 'ACCEPTED']]);
  });
});
