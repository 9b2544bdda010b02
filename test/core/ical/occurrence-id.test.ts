import { describe, expect, it } from 'vitest';
import { ContentLine } from '../../../src/core/ical/content-lines.ts';
import { formOf, millisOf, occurrenceIdOf, timeOf } from '../../../src/core/ical/occurrence-id.ts';

describe('occurrence ids', () => {
  it.each([
    ['RECURRENCE-ID:20261122T100000Z', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;TZID=Europe/Paris:20261122T110000', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;TZID=Romance Standard Time:20261122T110000', '20261122T100000Z', 'instant'],
    ['RECURRENCE-ID;VALUE=DATE:20261122', '20261122', 'date'],
    ['RECURRENCE-ID:20261122', '20261122', 'date'],
    ['RECURRENCE-ID:20261122T110000', '20261122T110000', 'local'],
    ['RECURRENCE-ID;TZID=Nowhere:20261122T110000', '20261122T110000', 'local'],
  ])('reads %s as %s', (raw, id, form) => {
    const time = timeOf(new ContentLine(raw), []);
    expect(time && occurrenceIdOf(time)).toBe(id);
    expect(formOf(id)).toBe(form);
  });

  it('returns null for an invalid time', () => {
    expect(timeOf(new ContentLine('RECURRENCE-ID:tomorrow'), [])).toBeNull();
    expect(timeOf(null, [])).toBeNull();
  });

  it('returns the milliseconds of an id', () => {
    expect(millisOf('20261122T100000Z')).toBe(Date.UTC(2026, 10, 22, 10));
    expect(millisOf('20261122')).toBe(Date.UTC(2026, 10, 22));
    expect(millisOf('soon')).toBeNaN();
  });
});
