import { beforeAll, describe, expect, it } from 'vitest';
import { readEventView } from '../../../src/core/compose/event-view.ts';
import { countAnswers, showEvent, showText, showTitle } from '../../../src/core/compose/show-event.ts';
import type { EventView, Templates } from '../../../src/core/compose/types.ts';
import { calendar, event, loadTemplates } from './samples.ts';

const reader = { language: 'en', timezone: 'Europe/Paris' };

describe('showEvent', () => {
  let templates: Templates;
  let view: EventView;
  beforeAll(async () => {
    templates = await loadTemplates();
    view = readEventView(calendar('REQUEST', event()), null, null, null);
  });

  it('returns the texts of an event', () => {
    expect(showEvent(view, reader, templates)).toMatchObject({
      title: 'Planning the spring issue',
      leaf: { month: 'Nov', day: '3', weekday: 'Tue' },
      when: ['Tuesday, November 3, 2026, 10:00 – 11:30 AM (Central European Time)'],
      recurrence: null,
      location: [{ text: 'Room 3, Main Street 12', href: null }],
      meetings: [{ name: '', href: 'https://meet.example.com/abc-defg-hij' }],
      organizer: { name: 'Alice Martin', address: 'alice@example.com' },
      moreGuests: null,
      counts: ['1 maybe', '1 without an answer'],
    });
  });

  it('lists the organizer first, and the answer of each guest', () => {
    const [first, second, ...rest] = view.guests;
    const shuffled = { ...view, guests: [second, ...rest, first].filter((guest) => guest !== undefined) };
    expect(showEvent(shuffled, reader, templates).guests.map(({ name, note }) => `${name}: ${note}`)).toEqual([
      'Alice Martin: organizer',
      'Bob Dupont: no answer yet',
      'Carol Weiß: maybe, optional',
    ]);
  });

  it('lists at most twelve guests', () => {
    const guests = Array.from({ length: 2000 }, (_, at) => ({
      key: `guest${at}@example.com`,
      name: `Guest ${at}`,
      address: `guest${at}@example.com`,
      partstat: 'ACCEPTED' as const,
      optional: false,
    }));
    const shown = showEvent({ ...view, guests }, reader, templates);
    expect(shown.guests).toHaveLength(12);
    expect(shown.moreGuests).toBe('and 1,988 more guests');
    expect(shown.counts).toEqual(['2,000 accepted']);
  });

  it('does not count the organizer and guests who have delegated', () => {
    const guests = view.guests.map((guest) => ({ ...guest, partstat: 'DELEGATED' as const }));
    expect(countAnswers({ ...view, guests }, reader, templates)).toEqual([]);
  });

  it('shows a placeholder for an empty title or an unknown event', () => {
    expect(showTitle({ ...view, summary: ' \u200B\r\n' }, reader, templates)).toBe('(no title)');
    expect(showTitle(null, { ...reader, language: 'fr' }, templates)).toBe('(sans titre)');
  });
});

describe('showText', () => {
  it('returns lines of text and links, or null for an empty text', () => {
    expect(showText('a\nhttps://example.com/')).toEqual([
      [{ text: 'a', href: null }],
      [{ text: 'https://example.com/', href: 'https://example.com/' }],
    ]);
    expect(showText(' \n\u200B')).toBeNull();
  });
});
