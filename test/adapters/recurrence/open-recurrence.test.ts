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

const HONEST = query('FREQ=DAILY');
const HONEST_ANSWER = {
  kind: 'occurrences',
  starts: ['20260101T080000Z', '20260102T080000Z', '20260103T080000Z'],
  complete: false,
};

describe('expand', () => {
  it('answers, and says whether that was all', async () => {
    expect(await recurrence.expand(HONEST)).toEqual(HONEST_ANSWER);
    expect(await recurrence.expand(query('FREQ=DAILY;COUNT=3'))).toEqual({ ...HONEST_ANSWER, complete: true });
    expect(await recurrence.expand(query('FREQ=DAILY', { from: '20360715T070000Z', limit: 1 }))).toEqual({
      kind: 'occurrences',
      starts: ['20360715T070000Z'],
      complete: false,
    });
  });

  it.each([
    ['never', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', {}],
    ['never, by the second', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', {}],
    ['too many wanted', 'FREQ=SECONDLY', { limit: 1e9 }],
    ['a huge COUNT, all wanted', 'FREQ=DAILY;COUNT=999999999', { limit: 1e9 }],
    ['a huge COUNT, walked to its end', 'FREQ=SECONDLY;COUNT=999999999', { from: '20560101T080000Z' }],
  ])('gives up: %s', async (_, rrule, more) => {
    expect(await recurrence.expand(query(rrule, more))).toEqual({ kind: 'too-expensive' });
  });

  it.each([
    ['FREQ=DAILY;INTERVAL=2147483647', ['20260101T080000Z']],
    ['FREQ=SECONDLY;INTERVAL=999999999999', ['20260101T080000Z']],
    ['FREQ=YEARLY;INTERVAL=4000', ['20260101T080000Z', '60260101T080000Z']],
    ['FREQ=SOMETIMES', ['20260101T080000Z']],
  ])('is not impressed: %s', async (rrule, starts) => {
    expect(await recurrence.expand(query(rrule))).toEqual({ kind: 'occurrences', starts, complete: true });
  });

  it('answers a calendar that cannot be read with no occurrence', async () => {
    expect(await recurrence.expand({ ...HONEST, calendar: 'BEGIN:VCALENDAR' })).toEqual({
      kind: 'occurrences',
      starts: [],
      complete: true,
    });
  });

  it('lets bombs hurt nobody else', async () => {
    const bomb = query('FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31');
    const mixed = Array.from({ length: 20 }, (_, at) => (at % 10 === 0 ? bomb : HONEST));
    const answers = await Promise.all(mixed.map((each) => recurrence.expand(each)));
    expect(answers).toEqual(mixed.map((each) => (each === bomb ? { kind: 'too-expensive' } : HONEST_ANSWER)));
  });

  it('lets another worker stand in for a slow one', async () => {
    const patient = openRecurrence({ workers: 1, timeLimit: 1500 });
    await patient.expand(HONEST);
    const order: string[] = [];
    const slow = patient.expand(query('FREQ=SECONDLY;COUNT=999999999', { from: '20560101T080000Z' }));
    const honest = patient.expand(HONEST);
    await Promise.all([slow.then(() => order.push('slow')), honest.then(() => order.push('honest'))]);
    expect(order).toEqual(['honest', 'slow']);
    expect(await patient.expand(HONEST)).toEqual(HONEST_ANSWER);
    await patient.close();
  });

  it('does not try a bomb for ever', async () => {
    const bomb = query('FREQ=HOURLY;BYMONTH=4;BYMONTHDAY=31');
    for (let strike = 0; strike < 3; strike++) expect(await recurrence.expand(bomb)).toEqual({ kind: 'too-expensive' });
    const begun = performance.now();
    expect(await recurrence.expand({ ...bomb, from: '20290101T000000Z' })).toEqual({ kind: 'too-expensive' });
    expect(performance.now() - begun).toBeLessThan(100);
  });

  it('survives a worker that runs out of memory', async () => {
    const calendar = HONEST.calendar.replace('RRULE:', `RDATE:${'20260101T090000,'.repeat(3_000_000)}\r\nRRULE:`);
    expect(await recurrence.expand({ ...HONEST, calendar })).toEqual({ kind: 'too-expensive' });
    expect(await recurrence.expand(HONEST)).toEqual(HONEST_ANSWER);
  });

  it('counts the time of work, not of waiting', async () => {
    const calendars = Array.from({ length: 100 }, () => query('FREQ=DAILY;COUNT=500', { limit: 3000 }));
    const answers = await Promise.all(calendars.map((each) => recurrence.expand(each)));
    expect(answers.every((answer) => answer.kind === 'occurrences' && answer.starts.length === 500)).toBe(true);
  });
});

describe('close', () => {
  it('fails what waits and what comes after', async () => {
    const closing = openRecurrence({ workers: 1 });
    const waiting = closing.expand(HONEST);
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'internal' });
    await closing.close();
    await outcome;
    await expect(closing.expand(HONEST)).rejects.toMatchObject({ code: 'internal' });
  });
});
