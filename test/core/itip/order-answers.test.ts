import { describe, expect, it } from 'vitest';
import { answerContent } from '../../../src/core/itip/answer-content.ts';
import { isBeforeReschedule, orderAfter, orderOf, resolveRevision } from '../../../src/core/itip/order-answers.ts';
import type { Answer, AppliedAnswer, MailedRevision } from '../../../src/core/itip/types.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import { address } from './run-answer.ts';

const answer: Answer = {
  component: 'VEVENT',
  occurrence: { uid: 'a', recurrenceId: null },
  range: null,
  start: null,
  attendee: address('bob@example.com'),
  organizer: address('alice@example.com'),
  partstat: 'ACCEPTED',
  comment: null,
  delegatedTo: [],
  revision: { sequence: 2, sentAt: 100 },
  door: 'smtp',
};
const last: AppliedAnswer = {
  attendeeKey: 'bob@example.com',
  recurrenceId: null,
  sequence: 2,
  sentAt: 100,
  partstat: 'ACCEPTED',
  content: answerContent(answer),
  eventSequence: 2,
  schedule: null,
};

describe('orderAfter', () => {
  it.each([
    ['no previous answer', null, { sequence: 0, sentAt: 0 }, 'newer'],
    ['higher SEQUENCE, sent earlier', last, { sequence: 3, sentAt: 50 }, 'newer'],
    ['lower SEQUENCE, sent later', last, { sequence: 1, sentAt: 200 }, 'stale'],
    ['equal SEQUENCE, sent later', last, { sequence: 2, sentAt: 101 }, 'newer'],
    ['equal SEQUENCE, sent earlier', last, { sequence: 2, sentAt: 99 }, 'stale'],
    ['equal revision and content', last, { sequence: 2, sentAt: 100 }, 'duplicate'],
    ['equal revision, other content', { ...last, content: 'other' }, { sequence: 2, sentAt: 100 }, 'newer'],
    ['unknown SEQUENCE, sent earlier', { ...last, sequence: null }, { sequence: 9, sentAt: 99 }, 'stale'],
  ] as const)('%s: %s', (_, known, revision, order) => {
    expect(orderAfter(known, answer, revision, 1000)).toBe(order);
  });

  it('uses the order of arrival if the clock was ahead when the last answer was recorded', () => {
    const declined = { ...answer, partstat: 'DECLINED' as const };
    expect(orderAfter({ ...last, sentAt: 900 }, declined, { sequence: 2, sentAt: 500 }, 500)).toBe('newer');
    expect(orderAfter({ ...last, sentAt: 900 }, answer, { sequence: 2, sentAt: 500 }, 500)).toBe('duplicate');
    expect(orderAfter({ ...last, sentAt: 900 }, declined, { sequence: 2, sentAt: 500 }, 900)).toBe('stale');
  });

  it('compares only with answers for the same occurrence', () => {
    const history = { applied: [last], mailed: [] };
    expect(orderOf(history, null, answer, { sequence: 0, sentAt: 0 }, 1000)).toBe('stale');
    expect(orderOf(history, '20261122', answer, { sequence: 0, sentAt: 0 }, 1000)).toBe('newer');
  });
});

function mail(
  sequence: number,
  mailedAt: number,
  scheduleFingerprint = 'a',
  recurrenceId: string | null = null,
): MailedRevision {
  return {
    recurrenceId,
    method: 'REQUEST',
    sequence,
    raised: {},
    mailedAt,
    stampedAt: mailedAt,
    scheduleFingerprint,
    calendar: '',
  };
}

/** Returns a mail with the whole series or (`alone`) with one occurrence, which begins at `start`. */
function mailMoved(sequence: number, mailedAt: number, start: string, alone = false): MailedRevision {
  const override = ['RECURRENCE-ID:20261122T090000Z', `DTSTART:${start}`, `SEQUENCE:${sequence}`];
  const components = [...(alone ? [] : [['DTSTART:20261101T090000Z', 'RRULE:FREQ=DAILY']]), override];
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  const calendar = ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
  return { ...mail(alone ? sequence : 0, mailedAt, 'a', alone ? '20261122T090000Z' : null), calendar };
}

const AT_NINE = '20261122T090000Z';
const AT_TEN = '20261122T100000Z';

describe('resolveRevision', () => {
  const without = { ...answer, revision: { sequence: null, sentAt: 100 } };

  it.each([
    ['from the answer', answer, [mail(7, 10)], 2],
    ['the newest one mailed before the answer', without, [mail(4, 10), mail(5, 50), mail(6, 150)], 5],
    ['without mails about another occurrence', without, [mail(4, 10), mail(5, 50, 'a', '20261122')], 4],
    ['from the event if nothing was mailed', without, [], 3],
    ['from the event if all mails are later', without, [mail(6, 150)], 3],
    [
      'of one occurrence in a mail with the series',
      { ...without, occurrence: { uid: 'a', recurrenceId: AT_NINE } },
      [mailMoved(2, 10, AT_TEN)],
      2,
    ],
  ] as const)('returns the SEQUENCE %s', (_, given, mailed, sequence) => {
    expect(resolveRevision(given, { applied: [], mailed }, { event: 3, occurrence: 3 }, 1000)).toEqual({
      sequence,
      sentAt: 100,
    });
  });

  it.each([
    ['of the event', { event: 2, occurrence: 2 }, [], 9, 2],
    ['of the series, even if the override has its own', { event: 5, occurrence: 2 }, [], 5, 5],
    ['of the override', { event: 0, occurrence: 3 }, [], 3, 3],
    ['that were mailed, even if that of the event is lower', { event: 2, occurrence: 2 }, [mail(4, 10)], 9, 4],
    ['that were mailed for the occurrence', { event: 0, occurrence: 0 }, [mailMoved(2, 10, AT_TEN)], 9, 2],
  ] as const)('ignores a SEQUENCE above those %s', (_, known, mailed, claimed, sequence) => {
    const occurrence = { uid: 'a', recurrenceId: AT_NINE };
    const given = { ...answer, occurrence, revision: { sequence: claimed, sentAt: 100 } };
    expect(resolveRevision(given, { applied: [], mailed }, known, 1000).sequence).toBe(sequence);
  });

  const longer = (moved: MailedRevision): MailedRevision => {
    return { ...moved, calendar: moved.calendar.replace('SEQUENCE:3', 'SEQUENCE:3\r\nDURATION:PT2H') };
  };
  const ELEVEN = '20261122T110000Z';

  it.each([
    ['the new time, with an older SEQUENCE', AT_TEN, 0, [mailMoved(0, 1, AT_NINE), mailMoved(3, 2, AT_TEN)], 3],
    ['the new time, in a separate mail', AT_TEN, 0, [mailMoved(0, 1, AT_NINE), mailMoved(3, 2, AT_TEN, true)], 3],
    ['the old time', AT_NINE, 0, [mailMoved(0, 1, AT_NINE), mailMoved(3, 2, AT_TEN)], 0],
    ['a time between two others', AT_TEN, 0, [AT_NINE, AT_TEN, ELEVEN].map((at, n) => mailMoved(n, n, at)), 0],
    ['a time that was never mailed', ELEVEN, 0, [mailMoved(0, 1, AT_NINE), mailMoved(3, 2, AT_TEN)], 0],
    ['a time that was mailed again', AT_NINE, 0, [AT_NINE, AT_TEN, AT_NINE].map((at, n) => mailMoved(n, n, at)), 2],
    ['the same time, but longer', AT_TEN, 1, [mailMoved(1, 1, AT_TEN), longer(mailMoved(3, 2, AT_TEN))], 1],
    ['the same time as before', AT_TEN, 1, [mailMoved(1, 1, AT_TEN), mailMoved(3, 2, AT_TEN)], 1],
    [
      'mailed with a higher SEQUENCE since',
      AT_TEN,
      0,
      [AT_NINE, AT_TEN, AT_TEN].map((at, n) => mailMoved(n, n, at)),
      1,
    ],
    ['the time of a mail before its SEQUENCE', AT_TEN, 3, [mailMoved(1, 1, AT_TEN), mailMoved(3, 2, AT_TEN)], 3],
    ['of a mail that is no longer stored', AT_TEN, 0, [mailMoved(0, 1, AT_NINE), mail(3, 2)], 0],
    ['of a cancelled occurrence', AT_TEN, 0, [{ ...mailMoved(3, 2, AT_TEN), method: 'CANCEL' }], 0],
  ] as const)('uses DTSTART to find the mail that was answered: %s', (_, at, claimed, mailed, sequence) => {
    const start = readTime(at, {}, []);
    const occurrence = { uid: 'a', recurrenceId: AT_NINE };
    const given = { ...answer, occurrence, start, revision: { sequence: claimed, sentAt: 100 } };
    const known = { event: 3, occurrence: 3 };
    expect(resolveRevision(given, { applied: [], mailed }, known, 1000).sequence).toBe(sequence);
  });

  it.each([
    ['in a later second', 5_000, 3],
    ['in the same second', 4_000, 3],
    ['in an earlier second', 3_000, 0],
  ])('raises the SEQUENCE only for an answer sent after the mail: %s', (_, sentAt, sequence) => {
    const start = readTime(AT_TEN, {}, []);
    const occurrence = { uid: 'a', recurrenceId: AT_NINE };
    const given = { ...answer, occurrence, start, revision: { sequence: 0, sentAt } };
    const mailed = [mailMoved(0, 1_000, AT_NINE), mailMoved(3, 4_900, AT_TEN)];
    const known = { event: 3, occurrence: 3 };
    expect(resolveRevision(given, { applied: [], mailed }, known, 9_000).sequence).toBe(sequence);
  });

  it('limits sentAt to the current time', () => {
    expect(resolveRevision(answer, { applied: [], mailed: [] }, { event: 3, occurrence: 3 }, 60).sentAt).toBe(60);
  });
});

describe('isBeforeReschedule', () => {
  it.each([
    ['nothing mailed', [], null, 0, false],
    ['one mail', [mail(3, 1)], null, 0, false],
    ['a second mail with the same time', [mail(1, 1), mail(3, 2)], null, 1, false],
    ['rescheduled', [mail(1, 1), mail(3, 2, 'b')], null, 1, true],
    ['an answer to the new time', [mail(1, 1), mail(3, 2, 'b')], null, 3, false],
    ['rescheduled, then renamed', [mail(1, 1), mail(3, 2, 'b'), mail(4, 3, 'b')], null, 3, false],
    ['an occurrence of a rescheduled series', [mail(1, 1), mail(3, 2, 'b')], '20261122', 1, true],
    [
      'an occurrence moved in a mail with the series',
      [mailMoved(0, 1, AT_NINE), mailMoved(1, 2, AT_TEN)],
      AT_NINE,
      0,
      true,
    ],
    [
      'an occurrence moved in a later mail with it alone',
      [mailMoved(0, 1, AT_NINE), mailMoved(1, 2, AT_TEN, true)],
      AT_NINE,
      0,
      true,
    ],
    [
      'an answer to the new time of an occurrence',
      [mailMoved(0, 1, AT_NINE), mailMoved(1, 2, AT_TEN)],
      AT_NINE,
      1,
      false,
    ],
    ['moved before the first mail', [mailMoved(1, 1, AT_TEN)], AT_NINE, 0, false],
    ['only its SEQUENCE raised', [mailMoved(0, 1, AT_TEN), mailMoved(1, 2, AT_TEN)], AT_NINE, 0, false],
    [
      'an override whose series was rescheduled',
      [mailMoved(1, 1, AT_TEN), { ...mailMoved(1, 2, AT_TEN), sequence: 5, scheduleFingerprint: 'b' }],
      AT_NINE,
      1,
      false,
    ],
    ['a series with one moved occurrence', [mailMoved(0, 1, AT_NINE), mailMoved(1, 2, AT_TEN)], null, 0, false],
    ['a calendar that is no longer stored', [mail(0, 1), mailMoved(1, 2, AT_TEN)], AT_NINE, 0, false],
    ['another occurrence', [mail(1, 1, 'a', '20261122'), mail(3, 2, 'b', '20261122')], null, 1, false],
  ] as const)('%s', (_, mailed, recurrenceId, sequence, expected) => {
    const history = { applied: [], mailed };
    expect(isBeforeReschedule(history, recurrenceId, { sequence, start: null })).toBe(expected);
  });

  it.each([
    ['its start', '20261105T090000Z', false],
    ['another time', '20261105T100000Z', true],
    ['no time', null, true],
  ])('an occurrence of a rescheduled series whose answer states %s: %s', (_, stated, expected) => {
    const moved = { ...mailMoved(3, 2, AT_TEN), sequence: 3, scheduleFingerprint: 'b' };
    const history = { applied: [], mailed: [mailMoved(1, 1, AT_TEN), moved] };
    const start = stated === null ? null : readTime(stated, {}, []);
    expect(isBeforeReschedule(history, '20261105T090000Z', { sequence: 1, start })).toBe(expected);
  });
});
