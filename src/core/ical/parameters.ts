// Reads and writes the parameters of a content line (RFC 5545 §3.2, RFC 6868). In: an unfolded line, or the value of a parameter;
// out: the offset of the property's value, the parameters, or the encoded text. It refuses nothing: it reads misplaced quotes and
// colons as the client meant them.

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

/** The part of a content line before its value. */
export interface LineHead {
  readonly name: string;
  /** The offset of the value in the unfolded text. */
  readonly valueAt: number;
}

/** Skips the parameters without parsing them, because most lines are read only for their name and value. */
export function readHead(text: string): LineHead {
  const none: LineHead = { name: '', valueAt: 0 };
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

/** The value begins with the last `:mailto:`, because clients do not quote a CN with a colon: `CN=Sales: Bob:mailto:…`. */
function lastMailto(text: string, valueAt: number): number {
  for (let at = text.lastIndexOf(':'); at >= valueAt; at = text.lastIndexOf(':', at - 1)) {
    if (/^:mailto:/i.test(text.slice(at, at + 8))) return at + 1;
  }
  return valueAt;
}

export function readParams(text: string, { name, valueAt }: LineHead): readonly Parameter[] {
  const params: Parameter[] = [];
  // Every colon before the value belongs to a parameter.
  const head = text.slice(0, Math.max(0, valueAt - 1));
  const reader = new ParamReader(head, HEAD_OF_LINE);
  for (let at = name.length; at < head.length; ) {
    const values: string[] = [];
    const end = reader.read(at, values);
    const param = /^;([^=;:]*)/.exec(head.slice(at, end))?.[1]?.trim().toUpperCase() ?? '';
    const before = params.at(-1);
    if (before?.name === 'CN' && values.length === 0 && isRestOfName(param)) {
      params[params.length - 1] = { ...before, values: [`${before.values[0] ?? ''}${head.slice(at, end)}`], end };
    } else if (param !== '') {
      // An empty parameter is skipped: some clients write `ATTENDEE;:mailto:…` or `;;`.
      params.push({ name: param, values: param === 'CN' ? [values.join(',')] : values, start: at, end });
    }
    at = end;
  }
  return params;
}

/** CN has one value, but clients do not quote one with a comma or a semicolon: `CN=Martin; Alice`. */
function isRestOfName(param: string): boolean {
  return param !== '' && !param.startsWith('X-') && !USER_PARAMETERS.has(param);
}

/** The other parameters of a calendar user, which some clients write without a value. */
const USER_PARAMETERS: ReadonlySet<string> = new Set(
  `CUTYPE DELEGATED-FROM DELEGATED-TO DIR EMAIL LANGUAGE MEMBER PARTSTAT ROLE RSVP SCHEDULE-AGENT SCHEDULE-FORCE-SEND
   SCHEDULE-STATUS SENT-BY`.split(/\s+/),
);

interface Delimiters {
  readonly afterName: string;
  readonly afterValue: string;
  /** A quote that ends a quoted value: any quote, or only one without a backslash before it. */
  readonly closing: RegExp;
  readonly plainClosing: RegExp;
}

/** For a line whose value has not been found yet: a parameter may also end at a colon. */
const WHOLE_LINE: Delimiters = {
  afterName: '=;:',
  afterValue: ',;:',
  closing: /"(?=[ \t]*[,;:])/g,
  plainClosing: /(?<!\\)"(?=[ \t]*[,;:])/g,
};
/** For the text before the value: a colon belongs to a parameter, and the text may end after one. */
const HEAD_OF_LINE: Delimiters = {
  afterName: '=;',
  afterValue: ',;',
  closing: /"(?=[ \t]*(?:[,;]|$))/g,
  plainClosing: /(?<!\\)"(?=[ \t]*(?:[,;]|$))/g,
};

const ANY_QUOTE = /"/g;

/** Reads parameters from left to right. The time is linear in the length of the text, even with many unbalanced quotes. */
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

  /** Returns the end of the parameter value that starts at `from`: the next delimiter outside of quotes. */
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
   * Returns the position of the quote that closes the one at `open`. A closing quote comes before a delimiter, because a value
   * may contain quotes: `CN="Bob "Bobby" Miller"`. If the client escapes quotes in the value, as in `CN="Ida (\"East; West\")"`,
   * a quote after a backslash does not close it. Returns null if no quote closes it; then it is an ordinary character.
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
  // RFC 5545 §3.2 allows no quotes in a quoted value, but some clients escape them with a backslash.
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

/** Returns whether the value of a parameter, or of a list, lacks quotes around `:`, `;` or `,`, or has a quote inside. */
export function needsQuotes(written: string, isList: boolean): boolean {
  if (!/[:;,"]/.test(written)) return false;
  return isList ? !/^(?:"[^"]*"|[^":;,]*)(?:,(?:"[^"]*"|[^":;,]*))*$/.test(written) : !/^"[^"]*"$/.test(written);
}

/** Removes the control characters that RFC 5545 §3.1 forbids in a line: all except HTAB. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/g;
