import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { KEPT } from '../../../src/core/itip/answer-content.ts';
import { decide, occurrencesNeeded } from '../../../src/core/itip/decide.ts';
import { type EventDocument, parseEvent } from '../../../src/core/ical/event-document.ts';
import type { Partstat } from '../../../src/core/ical/types.ts';
import type { Answer, OccurrenceAnswer } from '../../../src/core/itip/types.ts';
import { address, judge, reasonOf } from './run-answer.ts';

const NO_HISTORY = { applied: [], mailed: [] };
const SERIES = ['DTSTART:20261006T080000Z', 'RRULE:FREQ=DAILY'];

function event(lines: readonly string[], ...overrides: (readonly string[])[]): EventDocument {
  const components = [lines, ...overrides].flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  return parseEvent(['BEGIN:VCALENDAR', ...components, 'END:VCALENDAR', ''].join('\r\n'));
}

function bob(partstat: Partstat = 'NEEDS-ACTION'): string {
  return `ATTENDEE;PARTSTAT=${partstat}:mailto:bob@example.com`;
}

function answer(recurrenceId: string | null, more: Partial<Answer> = {}): Answer {
  return {
    component: 'VEVENT',
    occurrence: { uid: 'a', recurrenceId },
    range: null,
    start: null,
    attendee: address('bob@example.com'),
    organizer: address('alice@example.com'),
    partstat: 'ACCEPTED',
    comment: null,
    delegatedTo: [],
    revision: { sequence: null, sentAt: 1000 },
    door: 'smtp',
    ...more,
  };
}

/** Returns overrides in 2027 that equal the instances of the master. */
const made = (count: number, more: readonly string[] = []) =>
  Array.from({ length: count }, (_, at) => {
    const id = `${20270101 + Math.floor(at / 28) * 100 + (at % 28)}T080000Z`;
    return [`RECURRENCE-ID:${id}`, `DTSTART:${id}`, bob('ACCEPTED'), ...more];
  });

describe('occurrencesNeeded', () => {
  const series = event([...SERIES, bob()], ['RECURRENCE-ID:20261008T080000Z', 'DTSTART:20261008T090000Z', bob()]);

  it.each([
    ['the series itself', series, answer(null), false],
    ['an existing override', series, answer('20261008T080000Z'), false],
    ['an instance', series, answer('20261009T080000Z'), true],
    ['an override and all later occurrences', series, answer('20261008T080000Z', { range: 'THISANDFUTURE' }), true],
    ['an event that does not recur', event(['DTSTART:20261006T080000Z', bob()]), answer('20261006T080000Z'), false],
    [
      'another event',
      series,
      answer('20261009T080000Z', { occurrence: { uid: 'b', recurrenceId: '20261009T080000Z' } }),
      false,
    ],
  ])('%s', (_, document, given, expected) => {
    expect(occurrencesNeeded(document, given) !== null).toBe(expected);
  });

  it('is required before `decide` for an instance', () => {
    const input = {
      answer: answer('20261009T080000Z'),
      document: series,
      occurrences: null,
      history: NO_HISTORY,
      now: 2000,
    };
    expect(() => decide(input)).toThrow(GatewayError);
  });
});

describe('decide', () => {
  it('returns the occurrence in the form of the event, and the ledger line', () => {
    const document = event(['DTSTART;TZID=Europe/Paris:20261006T100000', 'RRULE:FREQ=DAILY', 'SEQUENCE:4', bob()]);
    const decision = judge(document, answer('20261007T100000'), NO_HISTORY);
    expect(decision).toMatchObject({
      verdict: 'apply',
      occurrence: { uid: 'a', recurrenceId: '20261007T080000Z' },
      changes: [{ recurrenceId: '20261007T080000Z', create: true, partstat: 'ACCEPTED' }],
      record: {
        attendeeKey: 'bob@example.com',
        recurrenceId: '20261007T080000Z',
        sequence: 4,
        sentAt: 1000,
        partstat: 'ACCEPTED',
      },
      alsoRecord: [],
    });
  });

  it('returns no change if the event already has the answer, but records it', () => {
    const decision = judge(event(['DTSTART:20261006T080000Z', bob('ACCEPTED')]), answer(null), NO_HISTORY);
    expect(decision).toMatchObject({ verdict: 'apply', changes: [], record: { recurrenceId: null } });
  });

  it('writes NEEDS-ACTION if PARTSTAT is missing, so that the result does not depend on the order of answers', () => {
    const document = event(['DTSTART:20261006T080000Z', 'ATTENDEE:mailto:bob@example.com']);
    const decision = judge(document, answer(null, { partstat: 'NEEDS-ACTION' }), NO_HISTORY);
    expect(decision).toMatchObject({ changes: [{ recurrenceId: null, partstat: 'NEEDS-ACTION' }] });
  });

  it('records the overrides that did not follow the series', () => {
    const declined = ['RECURRENCE-ID:20261008T080000Z', 'DTSTART:20261008T080000Z', bob('DECLINED')];
    const decision = judge(event([...SERIES, bob()], declined), answer(null), NO_HISTORY);
    expect(decision).toMatchObject({
      changes: [{ recurrenceId: null }],
      alsoRecord: [{ recurrenceId: '20261008T080000Z', content: KEPT, partstat: 'NEEDS-ACTION' }],
    });
  });

  it('records every occurrence of a THISANDFUTURE answer', () => {
    const document = event(['DTSTART:20261006T080000Z', 'RRULE:FREQ=DAILY;COUNT=4', bob()]);
    const decision = judge(document, answer('20261008T080000Z', { range: 'THISANDFUTURE' }), NO_HISTORY);
    expect(decision).toMatchObject({
      changes: [{ recurrenceId: '20261008T080000Z' }, { recurrenceId: '20261009T080000Z' }],
      record: { recurrenceId: '20261008T080000Z' },
      alsoRecord: [{ recurrenceId: '20261009T080000Z' }],
    });
  });

  it.each([
    ['fifty', 50, 'applied'],
    ['fifty-one', 51, 'hold series-change'],
  ])('decides THISANDFUTURE if %s occurrences remain: %s', (_, count, expected) => {
    const document = event(['DTSTART:20261006T080000Z', `RRULE:FREQ=DAILY;COUNT=${count}`, bob()]);
    expect(reasonOf(judge(document, answer('20261006T080000Z', { range: 'THISANDFUTURE' }), NO_HISTORY))).toBe(
      expected,
    );
  });

  it.each([
    ['99 overrides made by answers', made(99), 'applied'],
    ['100 overrides made by answers', made(100), 'hold no-such-occurrence'],
    ['100 overrides of the organizer', made(100, ['SUMMARY:elsewhere']), 'applied'],
  ])('%s: %s', (_, overrides, expected) => {
    const document = event([...SERIES, bob()], ...overrides);
    expect(reasonOf(judge(document, answer('20261008T080000Z'), NO_HISTORY))).toBe(expected);
  });

  it('holds an answer to a series that is too expensive, and one that a stored RANGE covers', () => {
    const document = event([...SERIES, bob()]);
    const occurrences: OccurrenceAnswer = { kind: 'too-expensive' };
    const input = { answer: answer('20261008T080000Z'), document, occurrences, history: NO_HISTORY, now: 2000 };
    expect(reasonOf(decide(input))).toBe('hold recurrence-too-expensive');
    const ranged = event(
      [...SERIES, bob()],
      ['RECURRENCE-ID;RANGE=THISANDFUTURE:20261007T080000Z', 'DTSTART:20261007T090000Z', bob()],
    );
    expect(reasonOf(judge(ranged, answer('20261008T080000Z'), NO_HISTORY))).toBe('hold series-change');
    expect(reasonOf(judge(ranged, answer('20261006T080000Z'), NO_HISTORY))).toBe('applied');
  });

  it('holds an answer that cannot be written', () => {
    const document = event(['DTSTART;VALUE=DATE:20261006', 'RRULE:FREQ=DAILY', bob()]);
    const occurrences: OccurrenceAnswer = { kind: 'occurrences', starts: ['20261008T080000Z'], complete: false };
    const input = { answer: answer('20261008T080000Z'), document, occurrences, history: NO_HISTORY, now: 2000 };
    expect(reasonOf(decide(input))).toBe('hold no-such-occurrence');
    const noEnd = event(['DTSTART;TZID=Europe/Paris\0:20261006T100000', 'RRULE:FREQ=DAILY', bob()]);
    expect(reasonOf(judge(noEnd, answer('20261007T100000'), NO_HISTORY))).toBe('applied');
  });

  it('recognises a duplicate even if the event has changed', () => {
    const given = answer('20261008T080000Z');
    const first = judge(event([...SERIES, bob()]), given, NO_HISTORY);
    if (first.verdict !== 'apply') throw new TypeError('not applied');
    const history = { applied: [first.record], mailed: [] };
    const excluded = event([...SERIES, 'EXDATE:20261008T080000Z', bob()]);
    expect(reasonOf(judge(excluded, given, history))).toBe('ignore duplicate');
    const uninvited = event(SERIES);
    expect(reasonOf(judge(uninvited, given, history))).toBe('ignore duplicate');
  });

  it('refuses an answer to a cancelled series or occurrence', () => {
    expect(reasonOf(judge(event([...SERIES, 'STATUS:CANCELLED', bob()]), answer('20261008T080000Z'), NO_HISTORY))).toBe(
      'refuse cancelled-event',
    );
  });
});
