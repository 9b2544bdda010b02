import { beforeAll, describe, expect, it } from 'vitest';
import { readEventView } from '../../src/compose/event-view.ts';
import { type ShownChange, showChanges } from '../../src/compose/show-changes.ts';
import type { Templates } from '../../src/compose/types.ts';
import { calendar, event, loadTemplates, series } from './samples.ts';

function time(clock: string): string {
  return `Tuesday, November 3, 2026, ${clock} (Central European Time)`;
}

describe('showChanges', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });
  const changes = (
    before: Record<string, string | null>,
    after: Record<string, string | null>,
  ): readonly ShownChange[] =>
    showChanges(
      readEventView(calendar('REQUEST', event(before)), null, null),
      readEventView(calendar('REQUEST', event(after)), null, null),
      { language: 'en', timezone: 'UTC' },
      templates,
    );

  it.each([
    ['title', { SUMMARY: 'SUMMARY:Old' }, {}, [{ label: 'Title', was: 'Old', now: 'Planning the spring issue' }]],
    [
      'time',
      { DTEND: 'DTEND;TZID=Europe/Paris:20261103T110000' },
      {},
      [{ label: 'When', was: time('10:00 – 11:00 AM'), now: time('10:00 – 11:30 AM') }],
    ],
    [
      'recurrence',
      {},
      series,
      [
        {
          label: 'Repeats',
          was: null,
          now: 'every other week on Tuesday, until June 30, 2027, except November 17, 2026',
        },
      ],
    ],
    ['place', {}, { LOCATION: null }, [{ label: 'Where', was: 'Room 3, Main Street 12', now: 'none' }]],
    ['link', { CONFERENCE: null }, {}, [{ label: 'Online', was: null, now: 'https://meet.example.com/abc-defg-hij' }]],
    ['details', { DESCRIPTION: 'DESCRIPTION:Short' }, {}, [{ label: 'Details', was: null, now: 'changed, see below' }]],
    [
      'status',
      { STATUS: 'STATUS:CANCELLED' },
      { STATUS: 'STATUS:CONFIRMED' },
      [{ label: 'What changed', was: null, now: 'This event takes place after all.' }],
    ],
    ['nothing that a reader sees', { SEQUENCE: 'SEQUENCE:1', TRANSP: 'TRANSP:OPAQUE' }, {}, []],
  ])('%s', (_what, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });
});
