import { describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { type MessageKind, messagePage } from '../../../src/core/pages/message-page.ts';

const templates = compileTemplates(await readTemplates(null));

const kinds: readonly MessageKind[] = [
  'recorded',
  'received',
  'refused',
  'decided-alias',
  'decided-once',
  'decided-ignore',
  'decided-not-entered',
  'already-decided',
  'invalid-link',
  'expired-link',
  'unknown-action',
  'try-later',
  'not-found',
  'failed',
];

describe('messagePage', () => {
  it.each(kinds)('%s has a title and another text in every language', (kind) => {
    const page = messagePage(kind);
    for (const language of templates.languages) {
      const title = templates.message(language, `page.message.${kind}.title`, { answer: page.answer });
      const text = templates.message(language, `page.message.${kind}.text`, { answer: page.answer });
      expect(title.length).toBeGreaterThan(3);
      expect(text).not.toBe(title);
    }
  });

  it('shows the icon of the answer if there is one, else that of its tone', () => {
    expect(messagePage('recorded', { answer: 'declined' })).toMatchObject({
      answer: 'declined',
      badge: 'declined',
      tone: 'good',
    });
    expect(messagePage('recorded')).toMatchObject({ answer: 'other', badge: 'good' });
    expect(messagePage('invalid-link')).toMatchObject({ badge: 'problem', onward: null });
  });
});
