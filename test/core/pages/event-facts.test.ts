import { describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import type { EventView } from '../../../src/core/compose/types.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { type PageReader, eventFacts } from '../../../src/core/pages/event-facts.ts';
import { event, weekly } from '../../doors/web/start-http.ts';

const reader: PageReader = { templates: compileTemplates(await readTemplates(null)), language: 'en', timezone: 'UTC' };
const factsOf = (changes: Partial<EventView>) => eventFacts({ ...event, ...changes }, reader);

const date = (local: string) => ({ form: 'date', local, zone: null, instant: null }) as const;

describe('eventFacts', () => {
  it('returns the time with its zone, without a line break between start and end', () => {
    const [when] = factsOf({}).when;
    expect(when).toContain('November 24, 2026');
    expect(when).toContain('10:00\u00A0–\u2060\u00A011:30\u00A0AM');
    expect(when).toContain('Central European Time');
    expect(factsOf({}).leaf).toEqual({ month: 'Nov', day: '24', weekday: 'Tue' });
  });

  it('shows the last day of an all-day event as its end', () => {
    const [when] = factsOf({ start: date('20261124'), end: date('20261127') }).when;
    expect(when).toContain('26');
    expect(when).not.toContain('27');
  });

  it('returns null for what the event does not have', () => {
    const bare = factsOf({ location: ' ', description: '', meetings: [], organizer: null, start: null, end: null });
    expect(bare).toMatchObject({
      location: null,
      description: null,
      link: null,
      organizer: null,
      leaf: null,
      recurrence: null,
    });
    expect(bare.when).toHaveLength(1);
  });

  it('returns a placeholder for an empty title', () => {
    expect(factsOf({ summary: '\u200B \n' }).title).toBe(reader.templates.message('en', 'mail.untitled'));
  });

  it('finds links in the description and in the location, line by line', () => {
    const { description, location } = factsOf({
      description: 'See https://example.com/a.\nBye',
      location: 'https://meet.example.com/x',
    });
    expect(description?.[0]).toContainEqual({ text: 'https://example.com/a', href: 'https://example.com/a' });
    expect(description?.[1]).toEqual([{ text: 'Bye', href: null }]);
    expect(location).toEqual([{ text: 'https://meet.example.com/x', href: 'https://meet.example.com/x' }]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'https://bank.example@evil.test/', 'file:///etc/passwd'])(
    'returns no link for %s',
    (url) => {
      expect(factsOf({ meetings: [{ name: '', href: url }] }).link).toBeNull();
    },
  );

  it('shows the address of an organizer whose name is another address', () => {
    const organizer = { key: 'alice@example.com', name: 'ceo@bank.example', address: 'alice@example.com' };
    expect(factsOf({ organizer }).organizer?.name).toBe('alice@example.com');
  });

  it('describes the recurrence in words', () => {
    expect(factsOf({ recurrence: weekly('FREQ=WEEKLY;BYDAY=TU') }).recurrence).toBe('every week on Tuesday');
  });
});
