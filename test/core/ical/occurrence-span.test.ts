import { describe, expect, it } from 'vitest';
import { formOf, millisOf } from '../../../src/core/ical/occurrence-id.ts';
import { lengthAt, occurrenceSpan } from '../../../src/core/ical/occurrence-span.ts';
import { eventOf } from './event-of.ts';

const HOUR = 3_600_000;

describe('occurrenceSpan', () => {
  it.each([
    [
      'in its zone',
      'DTSTART;TZID=Europe/Paris:20261006T100000',
      'DTEND;TZID=Europe/Paris:20261006T113000',
      '20261110T090000Z',
      '20261110T100000',
      '20261110T113000',
    ],
    [
      'with its exact duration across a DST change',
      'DTSTART;TZID=Europe/Paris:20261003T220000',
      'DTEND;TZID=Europe/Paris:20261004T060000',
      '20261024T200000Z',
      '20261024T220000',
      '20261025T050000',
    ],
    [
      'with start and end in two zones',
      'DTSTART;TZID=Europe/Paris:20261006T100000',
      'DTEND;TZID=America/New_York:20261006T120000',
      '20261007T080000Z',
      '20261007T100000',
      '20261007T120000',
    ],
    [
      'in UTC',
      'DTSTART:20261006T100000Z',
      'DTEND:20261006T110000Z',
      '20261007T100000Z',
      '20261007T100000',
      '20261007T110000',
    ],
    [
      'floating',
      'DTSTART:20261006T100000',
      'DTEND:20261006T110000',
      '20261007T100000',
      '20261007T100000',
      '20261007T110000',
    ],
    [
      'in an unknown zone',
      'DTSTART;TZID=Nowhere:20261006T100000',
      'DTEND;TZID=Nowhere:20261006T110000',
      '20261007T100000',
      '20261007T100000',
      '20261007T110000',
    ],
    ['of dates', 'DTSTART;VALUE=DATE:20261006', 'DTEND;VALUE=DATE:20261008', '20261030', '20261030', '20261101'],
    ['without an end', 'DTSTART:20261006T100000Z', 'SUMMARY:x', '20261007T100000Z', '20261007T100000', null],
    [
      'of the master for an invalid id',
      'DTSTART:20261006T100000Z',
      'DTEND:20261006T110000Z',
      'soon',
      '20261006T100000',
      '20261006T110000',
    ],
  ])('returns the span %s', (_, dtstart, dtend, id, start, end) => {
    const span = occurrenceSpan(eventOf([dtstart, dtend]), id);
    expect([span.start?.local, span.end?.local ?? null]).toEqual([start, end]);
    if (formOf(id) === 'instant') expect(span.start?.instant).toBe(millisOf(id));
  });

  it('returns no span if there is no start', () => {
    expect(occurrenceSpan(eventOf(['SUMMARY:x']), '20261007T100000Z')).toEqual({ start: null, end: null });
  });
});

const PARIS = ['DTSTART;TZID=Europe/Paris:20261006T100000', 'DTEND;TZID=Europe/Paris:20261006T110000'];
const FLOATING = ['DTSTART:20261006T100000', 'DTEND:20261006T110000'];

describe('lengthAt', () => {
  const cases: { why: string; lines: string[]; id: string; hours: number }[] = [
    { why: 'an instance of the rule', lines: [...PARIS, 'RRULE:FREQ=DAILY'], id: '20261007T080000Z', hours: 1 },
    {
      why: 'a period with a duration',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/PT2H'],
      id: '20261007T140000Z',
      hours: 2,
    },
    {
      why: 'a period with an end, in the zone',
      lines: [...PARIS, 'RDATE;TZID=Europe/Paris;VALUE=PERIOD:20261007T160000/20261007T183000'],
      id: '20261007T140000Z',
      hours: 2.5,
    },
    {
      why: 'a period in another zone than the start',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD;TZID=America/New_York:20261007T100000/PT3H'],
      id: '20261007T140000Z',
      hours: 3,
    },
    {
      why: 'a floating period of a series in a zone',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T160000/PT2H'],
      id: '20261007T140000Z',
      hours: 2,
    },
    {
      why: 'a period of a floating series',
      lines: [...FLOATING, 'RDATE;VALUE=PERIOD:20261007T160000/PT2H'],
      id: '20261007T160000',
      hours: 2,
    },
    {
      why: 'a period that is also an instance of the rule',
      lines: [...PARIS, 'RRULE:FREQ=DAILY', 'RDATE;VALUE=PERIOD:20261007T080000Z/PT20M'],
      id: '20261007T080000Z',
      hours: 1 / 3,
    },
    {
      why: 'a period at the first start',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261006T080000Z/PT2H'],
      id: '20261006T080000Z',
      hours: 2,
    },
    {
      why: 'the second of two periods in a line',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/PT2H,20261008T140000Z/PT4H'],
      id: '20261008T140000Z',
      hours: 4,
    },
    {
      why: 'the first of two periods with one start',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/PT2H,20261007T140000Z/PT4H'],
      id: '20261007T140000Z',
      hours: 2,
    },
    {
      why: 'a period without VALUE',
      lines: [...PARIS, 'RDATE:20261007T140000Z/PT2H'],
      id: '20261007T140000Z',
      hours: 2,
    },
    {
      why: 'a period that ends before its start',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/20261007T130000Z'],
      id: '20261007T140000Z',
      hours: 1,
    },
    {
      why: 'a period of no length',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/PT0S'],
      id: '20261007T140000Z',
      hours: 1,
    },
    {
      why: 'a period whose end cannot be read',
      lines: [...PARIS, 'RDATE;VALUE=PERIOD:20261007T140000Z/soon'],
      id: '20261007T140000Z',
      hours: 1,
    },
    {
      why: 'a date among times',
      lines: [...PARIS, 'RDATE;VALUE=DATE:20261007'],
      id: '20261007T080000Z',
      hours: 1,
    },
    {
      why: 'a period of a start without an end',
      lines: ['DTSTART:20261006T100000Z', 'RDATE;VALUE=PERIOD:20261007T140000Z/PT2H'],
      id: '20261007T140000Z',
      hours: 2,
    },
    {
      why: 'a period of nominal days across a DST change',
      lines: [...PARIS, 'RDATE;TZID=Europe/Paris;VALUE=PERIOD:20261024T120000/P1D'],
      id: '20261024T100000Z',
      hours: 25,
    },
    {
      why: 'a DTEND across a DST change',
      lines: ['DTSTART;TZID=Europe/Paris:20261006T120000', 'DTEND;TZID=Europe/Paris:20261007T120000'],
      id: '20261024T100000Z',
      hours: 24,
    },
    {
      why: 'a nominal DURATION across a DST change',
      lines: ['DTSTART;TZID=Europe/Paris:20261006T120000', 'DURATION:P1D'],
      id: '20261024T100000Z',
      hours: 25,
    },
    {
      why: 'an override, which has its own times',
      lines: ['RECURRENCE-ID:20261007T140000Z', 'DTSTART:20261007T150000Z', 'DTEND:20261007T153000Z'],
      id: '20261007T140000Z',
      hours: 0.5,
    },
  ];
  it.each(cases)('$why', ({ lines, id, hours }) => {
    const component = eventOf(lines);
    expect(lengthAt(component, id) / HOUR).toBeCloseTo(hours);
    const { start, end } = occurrenceSpan(component, id);
    if (start?.instant != null) expect(end?.instant).toBe(start.instant + hours * HOUR);
  });

  it('0 for a task with DUE only, which no period can lengthen', () => {
    const lines = ['DUE:20261006T100000Z', 'RDATE;VALUE=PERIOD:20261007T140000Z/PT2H'];
    expect(lengthAt(eventOf(lines, 'VTODO'), '20261007T140000Z')).toBe(0);
  });
});
