import type { IntlMessageFormat } from 'intl-messageformat';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Catalogue, compileCatalogue } from '../../../src/core/compose/catalogue.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';

const languages = ['fr', 'nl', 'de', 'es', 'it'];

/** Returns the names of a message's arguments at any depth, such as `{name}` and `{count, plural, …}`. */
function argumentsOf(message: IntlMessageFormat | undefined): string[] {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(walk);
    else if (typeof node === 'object' && node !== null) {
      const { type, value } = node as { type?: unknown; value?: unknown };
      // Type 0 is literal text.
      if (typeof type === 'number' && type > 0 && typeof value === 'string') names.add(value);
      Object.values(node).forEach(walk);
    }
  };
  walk(message?.getAst());
  return [...names].sort();
}

describe('the catalogues', () => {
  const catalogues = new Map<string, Catalogue>();
  let texts: ReadonlyMap<string, string> = new Map();
  beforeAll(async () => {
    texts = await readTemplates(null);
    for (const language of ['en', ...languages]) {
      const messages = new Map<string, IntlMessageFormat>();
      compileCatalogue(`${language}.json`, texts.get(`${language}.json`) ?? '', language, messages);
      catalogues.set(language, messages);
    }
  });

  it('exist for exactly these languages', () => {
    const found = [...texts.keys()].filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    expect(found.sort()).toEqual(['en', ...languages].sort());
  });

  it.each(languages)('%s has exactly the messages of English', (language) => {
    const own = [...(catalogues.get(language)?.keys() ?? [])].sort();
    expect(own).toEqual([...(catalogues.get('en')?.keys() ?? [])].sort());
  });

  it.each(languages)('%s uses the same arguments as English', (language) => {
    for (const [key, english] of catalogues.get('en') ?? []) {
      const given = argumentsOf(english);
      // `nth` also gets the argument `day`, for languages whose weekdays have a gender.
      const known = key === 'mail.repeat.nth' ? [...given, 'day'] : given;
      const used = argumentsOf(catalogues.get(language)?.get(key));
      expect(known, `${language} ${key}`).toEqual(expect.arrayContaining(used));
      expect(used, `${language} ${key}`).toEqual(expect.arrayContaining(given.filter((name) => name !== 'interval')));
    }
  });

  it.each(['en', ...languages])('%s has no straight apostrophe, which ICU reads as a quotation mark', (language) => {
    const text = texts.get(`${language}.json`) ?? '';
    expect(text.split('\n').filter((line) => line.includes("'"))).toEqual([]);
  });
});
