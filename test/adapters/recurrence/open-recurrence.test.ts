// The recurrence pool: correct answers, and limits for expensive recurrence sets.
import { afterAll, describe, expect, it } from 'vitest';
import type { OccurrenceQuery } from '../../../src/core/itip/types.ts';
import { openRecurrence } from '../../../src/adapters/recurrence/open-recurrence.ts';

const recurrence = openRecurrence();
afterAll(() => recurrence.close());

function query(rrule: string, more: Partial<OccurrenceQuery> = {}): OccurrenceQuery {
  const lines = [
    'BEGIN:VCALENDAR',
    'BEGIN:VEVENT',
    'UID:u',
    'DTSTART;TZID=Europe/Berlin:20260101T090000',
    `RRULE:${rrule}`,
  ];
  return {
    calendar: [...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'),
    uid: 'u',
    from: null,
    limit: 3,
    ...more,
  };
}

const DAILY = query('FREQ=DAILY');
const DAILY_ANSWER = {
  kind: 'occurrences',
  starts: ['20260101T080000Z', '20260102T080000Z', '20260103T080000Z'],
  complete: false,
};

describe('expand', () => {
  it('returns the occurrences, and whether there are more', async () => {
    expect(await recurrence.expand(DAILY)).toEqual(DAILY_ANSWER);
    expect(await recurrence.expand(query('FREQ=DAILY;COUNT=3'))).toEqual({ ...DAILY_ANSWER, complete: true });
    expect(await recurrence.expand(query('FREQ=DAILY', { from: '20360715T070000Z', limit: 1 }))).toEqual({
      kind: 'occurrences',
      starts: ['20360715T070000Z'],
      complete: false,
    });
  });

  it.each([
    ['no occurrence', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', {}],
    ['no occurrence, tried for every second', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', {}],
    ['a huge limit', 'FREQ=SECONDLY', { limit: 1e9 }],
    ['a huge COUNT and a huge limit', 'FREQ=DAILY;COUNT=999999999', { limit: 1e9 }],
    ['a huge COUNT, from a date near its end', 'FREQ=SECONDLY;COUNT=999999999', { from: '20560101T080000Z' }],
  ])('is too expensive: %s', async (_, rrule, more) => {
    expect(await recurrence.expand(query(rrule, more))).toEqual({ kind: 'too-expensive' });
  });

  it.each([
    ['FREQ=DAILY;INTERVAL=2147483647', ['20260101T080000Z']],
    ['FREQ=SECONDLY;INTERVAL=999999999999', ['20260101T080000Z']],
    ['FREQ=YEARLY;INTERVAL=4000', ['20260101T080000Z', '60260101T080000Z']],
    ['FREQ=SOMETIMES', ['20260101T080000Z']],
  ])('returns the few occurrences of %s', async (rrule, starts) => {
    expect(await recurrence.expand(query(rrule))).toEqual({ kind: 'occurrences', starts, complete: true });
  });

  it('returns no occurrence for a calendar that cannot be parsed', async () => {
    expect(await recurrence.expand({ ...DAILY, calendar: 'BEGIN:VCALENDAR' })).toEqual({
      kind: 'occurrences',
      starts: [],
      complete: true,
    });
  });

  it('answers other queries although some are too expensive', async () => {
    const expensive = query('FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31');
    const mixed = Array.from({ length: 20 }, (_, at) => (at % 10 === 0 ? expensive : DAILY));
    const answers = await Promise.all(mixed.map((each) => recurrence.expand(each)));
    expect(answers).toEqual(mixed.map((each) => (each === expensive ? { kind: 'too-expensive' } : DAILY_ANSWER)));
  });

  it('starts another worker while one is slow', async () => {
    const pool = openRecurrence({ workers: 1, timeLimit: 1500 });
    await pool.expand(DAILY);
    const order: string[] = [];
    const slow = pool.expand(query('FREQ=SECONDLY;COUNT=999999999', { from: '20560101T080000Z' }));
    const daily = pool.expand(DAILY);
    await Promise.all([slow.then(() => order.push('slow')), daily.then(() => order.push('daily'))]);
    expect(order).toEqual(['daily', 'slow']);
    expect(await pool.expand(DAILY)).toEqual(DAILY_ANSWER);
    await pool.close();
  });

  it('refuses a calendar at once after it has ended three workers', async () => {
    const expensive = query('FREQ=HOURLY;BYMONTH=4;BYMONTHDAY=31');
    for (let strike = 0; strike < 3; strike++) {
      expect(await recurrence.expand(expensive)).toEqual({ kind: 'too-expensive' });
    }
    // It is refused before a worker could reply.
    const refused = recurrence.expand({ ...expensive, from: '20290101T000000Z' });
    const later = new Promise((resolve) => setImmediate(resolve, 'later'));
    expect(await Promise.race([refused, later])).toEqual({ kind: 'too-expensive' });
  });

  it('replaces a worker that runs out of memory', async () => {
    const calendar = DAILY.calendar.replace('RRULE:', `RDATE:${'20260101T090000,'.repeat(3_000_000)}\r\nRRULE:`);
    expect(await recurrence.expand({ ...DAILY, calendar })).toEqual({ kind: 'too-expensive' });
    expect(await recurrence.expand(DAILY)).toEqual(DAILY_ANSWER);
  });

  it('does not count waiting time against the limit', async () => {
    const calendars = Array.from({ length: 100 }, () => query('FREQ=DAILY;COUNT=500', { limit: 3000 }));
    const answers = await Promise.all(calendars.map((each) => recurrence.expand(each)));
    expect(answers.every((answer) => answer.kind === 'occurrences' && answer.starts.length === 500)).toBe(true);
  });
});

describe('close', () => {
  it('rejects waiting and later queries', async () => {
    const closing = openRecurrence({ workers: 1 });
    const waiting = closing.expand(DAILY);
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'internal' });
    await closing.close();
    await outcome;
    await expect(closing.expand(DAILY)).rejects.toMatchObject({ code: 'internal' });
  });
});
