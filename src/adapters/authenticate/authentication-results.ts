// Parses an Authentication-Results value (RFC 8601). In: the value; out: its authserv-id and results. It refuses a value
// without an authserv-id, and does not decide whether the writer is trusted.

export interface MethodResult {
  /** Lower case: `dkim`, `spf`, `dmarc`, … */
  readonly method: string;
  readonly result: string;
  /** Property name in lower case, such as `header.d`, to its value. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface AuthenticationResults {
  /** Lower case. */
  readonly authservId: string;
  readonly results: readonly MethodResult[];
}

/** Returns null if there is no authserv-id. Parts that cannot be parsed are skipped. */
export function readAuthenticationResults(value: string): AuthenticationResults | null {
  const [head = [], ...methods] = splitStatements(value);
  const authservId = head[0]?.toLowerCase() ?? '';
  if (authservId === '' || authservId.includes('=')) return null;
  const results = methods.flatMap((words): MethodResult[] => {
    const [method, result] = splitPair(words[0] ?? '');
    if (result === '') return [];
    const properties = new Map(words.slice(1).map(splitPair));
    return [{ method: method.split('/')[0] ?? '', result: result.toLowerCase(), properties }];
  });
  return { authservId, results };
}

function splitPair(word: string): [string, string] {
  const at = word.indexOf('=');
  return at < 0 ? [word.toLowerCase(), ''] : [word.slice(0, at).toLowerCase(), word.slice(at + 1)];
}

/** Splits the value into statements at `;` and into words at white space. Comments and quotation marks are removed. */
function splitStatements(value: string): string[][] {
  const statements: string[][] = [[]];
  let word = '';
  let depth = 0;
  let quoted = false;
  const endWord = () => {
    if (word !== '') statements.at(-1)?.push(word);
    word = '';
  };
  for (const [whole, escaped] of value
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?= ?/g, '=')
    .matchAll(/\\(.)|[^]/g)) {
    const character = escaped ?? whole;
    if (escaped !== undefined) word += depth > 0 ? '' : escaped;
    else if (quoted) {
      if (character === '"') quoted = false;
      else word += character;
    } else if (character === '(') depth += 1;
    else if (character === ')') depth = Math.max(depth - 1, 0);
    else if (depth > 0) continue;
    else if (character === '"') quoted = true;
    else if (character === ';') {
      endWord();
      statements.push([]);
    } else if (/\s/.test(character)) endWord();
    else word += character;
  }
  endWord();
  return statements;
}
