// Compiles templates and catalogues. In: their texts by file name, such as `mail/invitation.html`, `en.json` and, for the
// admin's own messages, `overrides/en.json`; out: Templates. It refuses, with file and line, an invalid catalogue, an invalid
// template, and a template that refers to a missing file or message.
import { Liquid, LiquidError, type Template } from 'liquidjs';
import type { IntlMessageFormat } from 'intl-messageformat';
import { GatewayError } from '../errors.ts';
import { type Catalogue, compileCatalogue, lineAt, templateInvalid } from './catalogue.ts';
import type { Language, Templates } from './types.ts';

/** The language from which missing messages of other languages are taken. */
const FALLBACK = 'en';

const CATALOGUE = /^(?:overrides\/)?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.json$/;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function isOverride(file: string): boolean {
  return file.startsWith('overrides/');
}

function compileCatalogues(files: ReadonlyMap<string, string>): Map<Language, Catalogue> {
  const catalogues = new Map<Language, Map<string, IntlMessageFormat>>();
  const names = [...files.keys()].filter((file) => CATALOGUE.test(file));
  for (const file of names.sort((a, b) => Number(isOverride(a)) - Number(isOverride(b)))) {
    const language = CATALOGUE.exec(file)?.[1] ?? FALLBACK;
    const messages = catalogues.get(language) ?? new Map<string, IntlMessageFormat>();
    compileCatalogue(file, files.get(file) ?? '', language, messages);
    catalogues.set(language, messages);
  }
  if (!catalogues.has(FALLBACK)) throw templateInvalid(`${FALLBACK}.json`, 1, 'the catalogue is missing');
  return catalogues;
}

/** Checks the names of files and messages at start, because the template engine would check them only when it renders. */
function checkReferences(file: string, text: string, names: ReadonlySet<string>, messages: Catalogue): void {
  for (const found of text.matchAll(/\{%-?\s*(?:render|include|layout)\s+["']([^"']+)["']/g)) {
    if (!names.has(found[1] ?? '')) throw templateInvalid(file, lineAt(text, found.index), `no template ${found[1]}`);
  }
  for (const found of text.matchAll(/["']([^"'{}%]+)["']\s*\|\s*t\b/g)) {
    if (!messages.has(found[1] ?? '')) throw templateInvalid(file, lineAt(text, found.index), `no message ${found[1]}`);
  }
}

function parseTemplate(engine: Liquid, file: string, text: string): Template[] {
  try {
    return engine.parse(text, file);
  } catch (error) {
    const line = error instanceof Error && LiquidError.is(error) ? error.token.getPosition()[0] : 1;
    throw templateInvalid(file, line ?? 1, error instanceof Error ? error.message : String(error), error);
  }
}

type Values = Readonly<Record<string, string | number>>;

/** Adds the filter `t`: `{{ 'mail.when' | t: count: n }}` is a catalogue message in the language of the mail or page. */
function addMessageFilter(engine: Liquid, message: Templates['message']): void {
  engine.registerFilter('t', function (key: unknown, ...named: readonly unknown[]) {
    const { language } = this.context.globals as { readonly language?: string };
    const values: Record<string, string | number> = {};
    for (const pair of named) {
      if (!Array.isArray(pair)) continue;
      const [name, value] = pair as readonly unknown[];
      values[String(name)] = typeof value === 'number' ? value : String(value ?? '');
    }
    return message(language ?? FALLBACK, String(key), values);
  });
}

function makeEngine(texts: Record<string, string>, escape: boolean, message: Templates['message']): Liquid {
  const engine = new Liquid({
    templates: texts,
    strictFilters: true,
    ownPropertyOnly: true,
    cache: true,
    ...(escape ? { outputEscape: (value: unknown) => escapeHtml(stringify(value)) } : {}),
  });
  addMessageFilter(engine, message);
  return engine;
}

function stringify(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.map(stringify).join('') : String(value);
}

/**
 * Compiles all files once. A language without a catalogue falls back to its base language (`fr-CA` to `fr`), then to English.
 * A missing message falls back to English.
 *
 * @throws GatewayError `template-invalid`, its message beginning `file:line:`
 */
export function compileTemplates(files: ReadonlyMap<string, string>): Templates {
  const catalogues = compileCatalogues(files);
  const catalogueOf = (language: Language): Catalogue | undefined =>
    catalogues.get(language) ?? catalogues.get(language.split('-')[0] ?? FALLBACK);

  const message = (language: Language, key: string, values: Values = {}): string => {
    const found = catalogueOf(language)?.get(key) ?? catalogues.get(FALLBACK)?.get(key);
    if (found === undefined) throw new GatewayError('template-invalid', `${FALLBACK}.json:1: no message ${key}`);
    return String(found.format({ ...values }));
  };

  const sources = [...files].filter(([file]) => !file.endsWith('.json'));
  const texts = Object.fromEntries(sources);
  const engines = { html: makeEngine(texts, true, message), text: makeEngine(texts, false, message) };
  const compiled = new Map<string, { readonly engine: Liquid; readonly template: Template[] }>();
  for (const [file, text] of sources) {
    const engine = file.endsWith('.html') ? engines.html : engines.text;
    compiled.set(file, { engine, template: parseTemplate(engine, file, text) });
    checkReferences(file, text, new Set(Object.keys(texts)), catalogues.get(FALLBACK) ?? new Map());
  }

  return {
    languages: [...catalogues.keys()].sort(),
    message,
    render(name, language, data) {
      const found = compiled.get(name);
      if (found === undefined) throw new GatewayError('template-invalid', `${name}:1: no such template`);
      return String(found.engine.renderSync(found.template, { ...data }, { globals: { language } }));
    },
  };
}
