// Reads the imports of a source file. In: source text; out: static imports and re-exports (types included), `import()`,
// `require()` and the files of workers (`new URL('./x-worker.ts', import.meta.url)`). Comments are ignored.
import { posix } from 'node:path';

/** Path from the root of the repository (`src/core/errors.ts`) -> source text. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  /** As written; computed ones are shown as `import(…)`. */
  readonly specifier: string;
  /** `computed`: the path is an expression, so the imported file is unknown. */
  readonly form: 'static' | 'dynamic' | 'worker' | 'computed';
}

const STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/.source;
/** A slash begins a regular expression only where a value may begin; elsewhere it is a division. */
const REGEXP = /(?<=(?:[(,=:[!&|?{};+\n]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//.source;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//.source;
const TOKENS = new RegExp(`(?<kept>${STRING}|${REGEXP})|${COMMENT}`, 'g');

const STATIC = /(?:^|;)[ \t]*(?:import|export)\b(?:[^'"`;()=]*?\bfrom\b)?\s*(?<quote>['"])(?<path>[^'"\n]+)\k<quote>/gm;
const CALL = /\b(?:import|require)\s*\(\s*(?<quote>['"`])(?<path>(?:(?!\$\{)[^'"`\n])+)\k<quote>/g;
const WORKER = /\bnew URL\(\s*(?<quote>['"`])(?<path>\.[^'"`\n]+\.[cm]?[jt]s)\k<quote>\s*,\s*import\.meta\.url/g;
/** `import(${…})` is code inside a template literal; the worker that it starts has its own `new URL`. */
const COMPUTED = /\bimport\s*\(\s*(?:`[^`\n]*\$\{|(?!['"`]|\$\{)[^\s)])/g;

export function withoutComments(source: string): string {
  return source.replace(TOKENS, (token, kept: string | undefined) => kept ?? token.replace(/[^\n]+/g, ' '));
}

export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const found = (pattern: RegExp, form: Import['form']): Import[] =>
    [...code.matchAll(pattern)].map(({ groups }) => ({ specifier: groups?.['path'] ?? 'import(…)', form }));
  return [
    ...found(STATIC, 'static'),
    ...found(CALL, 'dynamic'),
    ...found(WORKER, 'worker'),
    ...found(COMPUTED, 'computed'),
  ];
}

/** Returns the file of a relative import; null for a package, and for a path outside `sources`. */
export function resolveImport(sources: Sources, file: string, specifier: string): string | null {
  if (!/^\.{0,2}\//.test(specifier)) return null;
  const path = posix.join(posix.dirname(file), specifier);
  const spellings = [path, path.replace(/\.([cm]?)js$/, '.$1ts'), `${path}.ts`, `${path}/index.ts`];
  return spellings.find((spelling) => sources.has(spelling)) ?? null;
}
