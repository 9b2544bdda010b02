import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { raisedSequences, stampFor } from '../../../src/core/itip/stamp.ts';
import type { MailedRevision } from '../../../src/core/itip/types.ts';
import { fullCount } from '../../harness/full-counts.ts';

const NOW = Date.UTC(2027, 0, 10, 12, 0, 0, 250);
const SECOND = 1_000;
const AT_TEN = ['DTSTART:20270202T100000Z', 'DTEND:20270202T110000Z'];
const AT_TWO = ['DTSTART:20270202T140000Z', 'DTEND:20270202T150000Z'];
const WEEKLY = [...AT_TEN, 'RRULE:FREQ=WEEKLY;COUNT=6'];
const DATE = '20270209T100000Z';
const date = (hour: number): string[] => [
  `RECURRENCE-ID:${DATE}`,
  `DTSTART:20270209T${hour}0000Z`,
  `DTEND:20270209T${hour + 1}0000Z`,
];

interface Component {
  readonly lines: readonly string[];
  readonly sequence: number | null;
}

const component = (lines: readonly string[], sequence: number | null = 0): Component => ({ lines, sequence });

function text(components: readonly Component[]): string {
  const lines = components.flatMap(({ lines: own, sequence }) => [
    'BEGIN:VEVENT',
    'UID:planning@example.com',
    ...(sequence === null ? [] : [`SEQUENCE:${sequence}`]),
    ...own,
    'END:VEVENT',
  ]);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

interface Sent {
  readonly method?: string;
  readonly components: readonly Component[];
}

/** Mails to one recipient in order; returns the stamp of each mail, and the ledger's rows. */
function mailAll(
  messages: readonly Sent[],
  now = NOW,
): { stamps: ReturnType<typeof stampFor>[]; mailed: MailedRevision[] } {
  const mailed: MailedRevision[] = [];
  const stamps = messages.map(({ method = 'REQUEST', components }) => {
    const calendar = text(components);
    const document = parseEvent(calendar);
    const stamp = stampFor(document, method, mailed, now);
    const [only, ...more] = [...document.overrides, ...(document.master ? [document.master] : [])];
    const recurrenceId = more.length === 0 ? (only?.recurrenceId ?? null) : null;
    mailed.push({
      recurrenceId,
      method,
      sequence: stamp.sequences.get(recurrenceId) ?? 0,
      raised: raisedSequences(document, stamp),
      mailedAt: now,
      stampedAt: stamp.stampedAt,
      scheduleFingerprint: '',
      calendar,
    });
    return stamp;
  });
  return { stamps, mailed };
}

const sequencesOf = (...messages: Sent[]) => mailAll(messages).stamps.map(({ sequences }) => [...sequences.values()]);
const request = (...components: Component[]): Sent => ({ components });
const cancel = (...components: Component[]): Sent => ({ method: 'CANCEL', components });

describe('DTSTAMP', () => {
  it('is the time of the mail in whole seconds, and later than in the previous mail', () => {
    const once = request(component(AT_TEN));
    expect(mailAll([once, once, once]).stamps.map(({ stampedAt }) => stampedAt - (NOW - 250))).toEqual([
      0, 1_000, 2_000,
    ]);
    const { mailed } = mailAll([once]);
    expect(stampFor(parseEvent(text(once.components)), 'REQUEST', mailed, NOW + 5 * SECOND).stampedAt).toBe(
      NOW + 4_750,
    );
  });

  it('is later even after the clock was set back', () => {
    const once = request(component(AT_TEN));
    const { mailed } = mailAll([once]);
    expect(stampFor(parseEvent(text(once.components)), 'REQUEST', mailed, NOW - 3_600_000).stampedAt).toBe(NOW + 750);
  });

  it('is also set in messages of attendees, for which no SEQUENCE is computed', () => {
    for (const method of ['REPLY', 'COUNTER', 'REFRESH']) {
      expect(mailAll([{ method, components: [component(AT_TEN, 3)] }]).stamps).toEqual([
        { stampedAt: NOW - 250, sequences: new Map() },
      ]);
    }
  });
});

describe('SEQUENCE', () => {
  it.each<[string, Sent[], number[][]]>([
    ['is the event’s own in the first mail', [request(component(AT_TEN, 3))], [[3]]],
    ['is 0 if the event has none', [request(component(AT_TEN, null))], [[0]]],
    [
      'rises with each move that the client does not count',
      [request(component(AT_TEN)), request(component(AT_TWO)), request(component(AT_TEN))],
      [[0], [1], [2]],
    ],
    ['rises if the client lowers it', [request(component(AT_TEN, 4)), request(component(AT_TWO, 2))], [[4], [5]]],
    ['is the client’s if that is higher', [request(component(AT_TEN, 1)), request(component(AT_TWO, 5))], [[1], [5]]],
    [
      'stays raised when something else changes',
      [request(component(AT_TEN)), request(component(AT_TWO)), request(component([...AT_TWO, 'SUMMARY:x']))],
      [[0], [1], [1]],
    ],
    [
      'does not rise for other notations of the time',
      [request(component(AT_TEN)), request(component(['DTSTART;TZID=Europe/Paris:20270202T110000', 'DURATION:PT1H']))],
      [[0], [0]],
    ],
    [
      'rises for another rule, an excluded and an added date',
      [
        request(component(AT_TEN)),
        request(component(WEEKLY)),
        request(component([...WEEKLY, `EXDATE:${DATE}`])),
        request(component([...WEEKLY, `EXDATE:${DATE}`, 'RDATE:20270210T100000Z'])),
      ],
      [[0], [1], [2], [3]],
    ],
    ['rises in a CANCEL', [request(component(AT_TEN)), cancel(component(AT_TEN))], [[0], [1]]],
    [
      'is the client’s in a CANCEL if that is higher',
      [request(component(AT_TEN)), cancel(component(AT_TEN, 7))],
      [[0], [7]],
    ],
    [
      'does not rise in a second CANCEL',
      [request(component(AT_TEN)), cancel(component(AT_TEN)), cancel(component(AT_TEN))],
      [[0], [1], [1]],
    ],
    [
      'rises when the event takes place after all',
      [request(component(AT_TEN)), cancel(component(AT_TEN)), request(component(AT_TEN))],
      [[0], [1], [2]],
    ],
    [
      'rises for one moved date, and for that date only',
      [
        request(component(WEEKLY)),
        request(component(WEEKLY), component(date(14))),
        request(component(WEEKLY), component(date(16))),
      ],
      [[0], [0, 1], [0, 2]],
    ],
    [
      'rises for the series if a moved date follows it again',
      [request(component(WEEKLY)), request(component(WEEKLY), component(date(14))), request(component(WEEKLY))],
      [[0], [0, 1], [2]],
    ],
    [
      'is not below that of a date that follows the series again',
      [request(component(WEEKLY, 1), component([...date(10), 'SUMMARY:x'], 4)), request(component(WEEKLY, 1))],
      [[1, 4], [4]],
    ],
    [
      'is in an override not below that of the series',
      [
        request(component(WEEKLY, 3), component(date(14), 1)),
        request(component(WEEKLY, 3), component(date(14), null)),
        request(component([...WEEKLY, 'RDATE:20270210T100000Z'], 3), component(date(14), 1)),
      ],
      [
        [3, 3],
        [3, 3],
        [4, 4],
      ],
    ],
    [
      'rises for a date that is mailed alone',
      [request(component(date(10))), request(component(date(14))), cancel(component(date(14)))],
      [[0], [1], [2]],
    ],
    [
      'rises if one date is cancelled, and restored with the series',
      [request(component(WEEKLY)), cancel(component(date(10))), request(component(WEEKLY))],
      [[0], [1], [2]],
    ],
    [
      'is above all of its dates if the series is cancelled',
      [request(component(WEEKLY), component(date(14), 6)), cancel(component(WEEKLY))],
      [[0, 6], [7]],
    ],
    [
      'in a DECLINECOUNTER is that of the last mail',
      [
        request(component(AT_TEN)),
        request(component(AT_TWO)),
        { method: 'DECLINECOUNTER', components: [component(AT_TEN)] },
      ],
      [[0], [1], [1]],
    ],
  ])('%s', (_, messages, expected) => {
    expect(sequencesOf(...messages)).toEqual(expected);
  });

  it('of a to-do rises with its due time', () => {
    const todo = (due: string) => text([component([`DUE:${due}`])]).replaceAll('VEVENT', 'VTODO');
    const { mailed } = mailAll([request(component(AT_TEN))]);
    const before = mailed.map((mail) => ({ ...mail, calendar: todo('20270202T100000Z') }));
    const sequenceOf = (due: string) => stampFor(parseEvent(todo(due)), 'REQUEST', before, NOW).sequences.get(null);
    expect([sequenceOf('20270202T100000Z'), sequenceOf('20270203T100000Z')]).toEqual([0, 1]);
  });

  it('rises if the mailed calendar is no longer stored', () => {
    const { mailed } = mailAll([request(component(AT_TEN, 2))]);
    const lost = mailed.map((mail) => ({ ...mail, calendar: '' }));
    expect(stampFor(parseEvent(text([component(AT_TEN, 2)])), 'REQUEST', lost, NOW).sequences.get(null)).toBe(3);
  });

  it('never falls for any component, and rises whenever its time changes', () => {
    const hours = fc.constantFrom(10, 12, 14);
    const sequence = fc.option(fc.integer({ min: 0, max: 4 }));
    const state = fc.record({
      method: fc.constantFrom('REQUEST', 'REQUEST', 'REQUEST', 'CANCEL'),
      longer: fc.boolean(),
      override: fc.option(hours),
      sequences: fc.tuple(sequence, sequence),
    });
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 8 }), (states) => {
        const messages = states.map(({ method, longer, override, sequences: [series, own] }): Sent => {
          const master = component(longer ? [...WEEKLY, 'RDATE:20270210T100000Z'] : WEEKLY, series);
          return { method, components: [master, ...(override === null ? [] : [component(date(override), own)])] };
        });
        const { stamps } = mailAll(messages);
        for (const id of [null, DATE]) {
          const times = states.map(({ longer, override }) => (id === null ? longer : (override ?? 10)));
          const mailed = stamps.map(({ sequences }) => sequences.get(id) ?? sequences.get(null) ?? -1);
          for (let at = 1; at < states.length; at++) {
            const [before, now] = [mailed[at - 1] ?? -1, mailed[at] ?? -1];
            expect(now).toBeGreaterThanOrEqual(before);
            const moved = states[at]?.method === 'REQUEST' && times[at] !== times[at - 1];
            if (moved || states[at]?.method !== states[at - 1]?.method) expect(now).toBeGreaterThan(before);
          }
        }
      }),
      { numRuns: fullCount(1_000, 200) },
    );
  });
});
