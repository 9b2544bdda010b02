// Reads and writes the parameters of a content line (RFC 5545 §3.2, RFC 6868). In: an unfolded line, or the value of a parameter;
// out: where the value of the property begins, the parameters, or the encoded text. It refuses nothing: quotes and colons in the
// wrong places are read as their clients mean them.

/** One parameter of a content line. */
export interface Parameter {
  /** In upper case. */
  readonly name: string;
  /** Without quotes, and decoded according to RFC 6868. Empty for a parameter without `=`. */
  readonly values: readonly string[];
  /** Offsets in the unfolded text, from the `;` to the end of the last value. */
  readonly start: number;
  readonly end: number;
}

export interface Extent {
  readonly name: string;
  /** The offset of the value in the unfolded text. */
  readonly valueAt: number;
}

/** Skips the parameters without parsing them, because most lines are read only for their name and value. */
export function measureLine(text: string): Extent {
  const none: Extent = { name: '', valueAt: 0 };
  const written = /^[A-Za-z0-9_-]+(?=[;:])/.exec(text)?.[0];
  if (written === undefined) return none;
  const name = written.toUpperCase();
  let at = written.length;
  const params = text[at] === ';' ? new ParamReader(text, WHOLE_LINE) : null;
  while (params !== null && text[at] === ';') at = params.read(at, null);
  if (text[at] !== ':') return none;
  return { name, valueAt: CALENDAR_USERS.has(name) ? lastMailto(text, at + 1) : at + 1 };
}

/** The properties whose value is a calendar user address (RFC 5545 §3.3.3). */
const CALENDAR_USERS = new Set(['ATTENDEE', 'ORGANIZER']);

/** Clients leave a CN with a colon unquoted, as in `CN=Sales: Bob;PARTSTAT=ACCEPTED:mailto:…`: the last `:mailto:` begins the value. */
function lastMailto(text: string, valueAt: number): number {
  for (let at = text.lastIndexOf(':'); at >= valueAt; at = text.lastIndexOf(':', at - 1)) {
    if (/^:mailto:/i.test(text.slice(at, at + 8))) return at + 1;
  }
  return valueAt;
}

export function readParams(text: string, { name, valueAt }: Extent): readonly Parameter[] {
  const params: Parameter[] = [];
  // Up to the value every colon belongs to a parameter.
  const head = text.slice(0, Math.max(0, valueAt - 1));
  const reader = new ParamReader(head, HEAD_OF_LINE);
  for (let at = name.length; at < head.length; ) {
    const values: string[] = [];
    const end = reader.read(at, values);
    const param = /^;([^=;:]*)/.exec(head.slice(at, end))?.[1]?.trim().toUpperCase() ?? '';
    // An empty parameter is skipped: some clients write `ATTENDEE;:mailto:…` or `;;`.
    if (param !== '') params.push({ name: param, values, start: at, end });
    at = end;
  }
  return params;
}

interface Delimiters {
  readonly afterName: string;
  readonly afterValue: string;
  /** A quote that ends a quoted value, and one without a backslash before it. */
  readonly closing: RegExp;
  readonly plainClosing: RegExp;
}

/** Where the value of the property begins is not known yet. */
const WHOLE_LINE: Delimiters = {
  afterName: '=;:',
  afterValue: ',;:',
  closing: /"(?=[ \t]*[,;:])/g,
  plainClosing: /(?<!\\)"(?=[ \t]*[,;:])/g,
};
const HEAD_OF_LINE: Delimiters = {
  afterName: '=;',
  afterValue: ',;',
  closing: /"(?=[ \t]*(?:[,;]|$))/g,
  plainClosing: /(?<!\\)"(?=[ \t]*(?:[,;]|$))/g,
};

const ANY_QUOTE = /"/g;

/** Goes over parameters from left to right, in time proportional to the text whatever its quotes look like. */
class ParamReader {
  readonly #text: string;
  readonly #delimiters: Delimiters;
  /** Expressions that match nowhere in the rest of the text. */
  readonly #exhausted = new Set<RegExp>();

  constructor(text: string, delimiters: Delimiters) {
    this.#text = text;
    this.#delimiters = delimiters;
  }

  /** Reads the parameter that starts with the `;` at `start`, adds its values to `values`, and returns its end. */
  read(start: number, values: string[] | null): number {
    const text = this.#text;
    let at = findOneOf(text, start + 1, this.#delimiters.afterName);
    while (text[at] === '=' || text[at] === ',') {
      const end = this.#valueEnd(at + 1);
      values?.push(decodeParam(text.slice(at + 1, end)));
      at = end;
      if (text[at] !== ',') break;
    }
    return at;
  }

  /** Where a parameter value that starts at `from` ends: at a delimiter outside of quotes. */
  #valueEnd(from: number): number {
    const text = this.#text;
    const { afterValue } = this.#delimiters;
    const quote = text[from] === '"' ? this.#closingQuote(from) : null;
    const end = findOneOf(text, quote === null ? from : quote + 1, afterValue);
    // Unquoted `SENT-BY=mailto:a@example.com:mailto:…`: the first colon belongs to the parameter.
    if (text[end] === ':' && /^mailto$/i.test(text.slice(from, end)) && text.includes(':', end + 1)) {
      return findOneOf(text, end + 1, afterValue);
    }
    return end;
  }

  /**
   * The quote that closes the one at `open`; null where none does, and the quote is an ordinary character. A delimiter
   * follows it: `CN="Bob "Bobby" Miller"` has quotes inside. Clients that escape them, as in `CN="Ida (\"East; West\")"`,
   * also write one before a delimiter.
   */
  #closingQuote(open: number): number | null {
    const { closing, plainClosing } = this.#delimiters;
    const first = this.#find(closing, open + 1);
    if (first === null) return this.#find(ANY_QUOTE, open + 1);
    const inside = this.#text.slice(open + 1, first);
    const escapes = inside.endsWith('\\') && inside.includes('\\"');
    return (escapes ? this.#find(plainClosing, first) : null) ?? first;
  }

  #find(expression: RegExp, from: number): number | null {
    if (this.#exhausted.has(expression)) return null;
    expression.lastIndex = from;
    const found = expression.exec(this.#text);
    if (found === null) this.#exhausted.add(expression);
    return found?.index ?? null;
  }
}

function findOneOf(text: string, from: number, chars: string): number {
  let at = from;
  while (at < text.length && !chars.includes(text[at] ?? '')) at++;
  return at;
}

function decodeParam(written: string): string {
  const close = written.startsWith('"') ? written.lastIndexOf('"') : 0;
  // Between quotes RFC 5545 §3.2 allows no quote: a backslash before one escapes it.
  const text = close > 0 ? written.slice(1, close).replaceAll('\\"', '"') + written.slice(close + 1) : written;
  // RFC 6868 §3.2: ^n is a newline, ^' a quote, ^^ a caret; any other caret stays.
  return text.replace(/\^([n'^])/g, (_, char: string) => (char === 'n' ? '\n' : char === "'" ? '"' : '^'));
}

export function encodeQuoted(value: string): string {
  return value
    .replace(/\^/g, '^^')
    .replace(/\r\n|\r|\n/g, '^n')
    .replace(/"/g, "^'")
    .replace(CONTROLS, '');
}

export function encodeParam(value: string): string {
  const encoded = encodeQuoted(value);
  return /[:;,]/.test(encoded) ? `"${encoded}"` : encoded;
}

export function encodeParams(value: string | readonly string[]): string {
  return typeof value === 'string' ? encodeParam(value) : value.map(encodeParam).join(',');
}

/** Removes control characters except HTAB, which RFC 5545 §3.1 forbids in a line. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/g;
