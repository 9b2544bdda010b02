// Compiles a catalogue of messages. In: a file with nested ICU messages in JSON, one file per language; out: the compiled
// messages by dotted key, such as `mail.subject.invitation`. It refuses invalid JSON, values that are not text, and invalid
// ICU messages, with file and line.
import { IntlMessageFormat } from 'intl-messageformat';
import { GatewayError } from '../errors.ts';

export type Catalogue = ReadonlyMap<string, IntlMessageFormat>;

/** Returns the line number, from 1, of a character offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Returns a GatewayError whose message begins with `file:line:`. */
export function templateInvalid(file: string, line: number, problem: string, cause?: unknown): GatewayError {
  return new GatewayError('template-invalid', `${file}:${line}: ${problem}`, { cause });
}

/** Returns the line of each dotted key. It scans the JSON text, because JSON.parse does not report positions. */
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

/**
 * Adds the messages of the file to `into`. An override file replaces single messages and keeps the others.
 *
 * @throws GatewayError `template-invalid`
 */
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
      // Tags are not used: `<` in a message is a plain character, which the HTML templates escape.
      into.set(key, new IntlMessageFormat(value, language, undefined, { ignoreTag: true }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw templateInvalid(file, line, `${key} is not a valid ICU message: ${reason}`, error);
    }
  };
  compile(parseJson(file, text), '');
}
