// In: catalogue files (JSON of nested ICU messages), one per language. Out: compiled messages by dotted key, such as
// `mail.subject.invitation`. Refuses, with file and line, what is no JSON, no text or no ICU message.
import { IntlMessageFormat } from 'intl-messageformat';
import { GatewayError } from '../errors.ts';

export type Catalogue = ReadonlyMap<string, IntlMessageFormat>;

/** 1-based line of a character offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

export function templateInvalid(file: string, line: number, what: string, cause?: unknown): GatewayError {
  return new GatewayError('template-invalid', `${file}:${line}: ${what}`, { cause });
}

/** The line of every dotted key, read from the JSON text itself, because JSON.parse forgets where things stood. */
function locateKeys(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const path: string[] = [];
  let pending = '';
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    const found = token[0];
    if (found === '{') path.push(pending);
    else if (found === '}') path.pop();
    else if (found !== ':' && /^\s*:/.test(text.slice(token.index + found.length, token.index + found.length + 20))) {
      pending = JSON.parse(found) as string;
      lines.set([...path.slice(1), pending].join('.'), lineAt(text, token.index));
    }
  }
  return lines;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(reason)?.[1];
    throw templateInvalid(file, lineAt(text, position === undefined ? text.length : Number(position)), reason, error);
  }
}

/** Adds the file's messages to `into`, so that an override replaces single messages and keeps the rest. */
export function compileCatalogue(
  file: string,
  text: string,
  language: string,
  into: Map<string, IntlMessageFormat>,
): void {
  const lines = locateKeys(text);
  const compile = (value: unknown, key: string): void => {
    const line = lines.get(key) ?? 1;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, inner] of Object.entries(value)) compile(inner, key === '' ? name : `${key}.${name}`);
      return;
    }
    if (typeof value !== 'string')
      throw templateInvalid(file, line, `${key || 'the file'} is neither text nor a section`);
    try {
      // Tags are not ours: `<` in a message is a plain character, escaped where it lands in HTML.
      into.set(key, new IntlMessageFormat(value, language, undefined, { ignoreTag: true }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw templateInvalid(file, line, `${key} is no ICU message: ${reason}`, error);
    }
  };
  compile(parseJson(file, text), '');
}
