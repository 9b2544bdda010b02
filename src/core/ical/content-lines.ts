// Splits calendar text into content lines without loss. In: text; out: lines that keep every character (folds, line ends, byte
// order mark), so that the joined `raw` values are the text again. Names, parameters and values are parsed on first use. It
// refuses nothing: a line that is not a content line has the name ''.

import { joinOctets } from './octets.ts';

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

interface Extent {
  readonly name: string;
  /** The offset of the value in the unfolded text. */
  readonly valueAt: number;
}

/** A content line (RFC 5545 §3.1): one property, or a BEGIN or END. Immutable. */
export class ContentLine {
  /** As written, with its folds and its line end. */
  readonly raw: string;
  #text: string | null = null;
  #extent: Extent | null = null;
  #params: readonly Parameter[] | null = null;

  constructor(raw: string) {
    this.raw = raw;
  }

  /** Unfolded, without line end and byte order mark. */
  get text(): string {
    this.#text ??= unfold(this.raw);
    return this.#text;
  }

  /** In upper case; '' if this is not a content line, but blank or the rest of a value with an unescaped line break. */
  get name(): string {
    return this.#measure().name;
  }

  get params(): readonly Parameter[] {
    this.#params ??= readParams(this.text, this.#measure());
    return this.#params;
  }

  /** As written; a TEXT value is still escaped (see `unescapeText`). */
  get value(): string {
    return this.text.slice(this.#measure().valueAt);
  }

  /** Returns the first value of the first parameter with this name (in upper case), null if there is none. */
  param(name: string): string | null {
    return this.paramValues(name)[0] ?? null;
  }

  /** Returns all values of the first parameter with this name (in upper case). */
  paramValues(name: string): readonly string[] {
    return this.params.find((param) => param.name === name)?.values ?? [];
  }

  #measure(): Extent {
    this.#extent ??= measureLine(this.text);
    return this.#extent;
  }
}

/** Splits text into content lines. Lines end with CRLF or LF; with CR only if the text has no LF. */
export function splitLines(text: string): ContentLine[] {
  const lines: ContentLine[] = [];
  const end = text.includes('\n') ? '\n' : '\r';
  let start = 0;
  let searchFrom = 0;
  while (start < text.length) {
    const at = text.indexOf(end, searchFrom);
    const next = at === -1 ? text.length : at + 1;
    // RFC 5545 §3.1: a line that begins with a space or a tab continues the previous line.
    if (next < text.length && (text[next] === ' ' || text[next] === '\t')) {
      searchFrom = next;
      continue;
    }
    lines.push(new ContentLine(text.slice(start, next)));
    start = next;
    searchFrom = next;
  }
  return lines;
}

export function joinLines(lines: readonly ContentLine[]): string {
  return lines.map((line) => line.raw).join('');
}

/** Returns the line end as written: `\r\n`, `\n`, rarely `\r` or `\r\r\n`. Returns `\r\n` for a last line without line end. */
export function lineEndOf(line: ContentLine): string {
  return LINE_END.exec(line.raw)?.[0] ?? '\r\n';
}

/** Returns a new, folded line. `value` must already be escaped as its type requires. */
export function makeLine(
  name: string,
  params: readonly (readonly [name: string, value: string])[],
  value: string,
  lineEnd = '\r\n',
): ContentLine {
  const head = params.map(([param, text]) => `;${param}=${encodeParam(text)}`).join('');
  return new ContentLine(foldText(`${name}${head}:${withoutBreaks(value)}`, lineEnd) + lineEnd);
}

/**
 * Returns the line with one parameter set (an array: a list of values; null: removed). Name and value stay as written. An
 * existing parameter keeps its position, the case of its name and its quotes; a new one is the last. The line is folded again.
 */
export function withParam(line: ContentLine, name: string, value: string | readonly string[] | null): ContentLine {
  const { text, params } = line;
  const present = params.filter((param) => param.name === name);
  if (present.length === 0) {
    if (value === null) return line;
    const at = params.at(-1)?.end ?? line.name.length;
    return rebuild(line, `${text.slice(0, at)};${name}=${encodeParams(value)}${text.slice(at)}`);
  }
  let out = '';
  let copied = 0;
  for (const param of present) {
    out += text.slice(copied, param.start);
    if (value !== null) {
      const written = text.slice(param.start, param.end);
      const equals = written.indexOf('=');
      const head = equals === -1 ? `${written}=` : written.slice(0, equals + 1);
      const quoted = typeof value === 'string' && written[equals + 1] === '"';
      out += head + (quoted ? `"${encodeQuoted(value)}"` : encodeParams(value));
    }
    copied = param.end;
  }
  return rebuild(line, out + text.slice(copied));
}

/** Returns the line without the parameters whose name (in upper case) matches. */
export function withoutParams(line: ContentLine, isRemoved: (name: string) => boolean): ContentLine {
  const removed = line.params.filter(({ name }) => isRemoved(name));
  return removed.reduce((rest, { name }) => withParam(rest, name, null), line);
}

/** Returns the line with another name, and only with these parameters, as written. The line is folded again. */
export function withName(line: ContentLine, name: string, keep: readonly string[]): ContentLine {
  const kept = line.params.filter((param) => keep.includes(param.name));
  const params = kept.map((param) => line.text.slice(param.start, param.end)).join('');
  return rebuild(line, `${name}${params}:${line.value}`);
}

/** Returns the line with another value, already escaped as its type requires. The parameters stay as written. */
export function withValue(line: ContentLine, value: string): ContentLine {
  const { text } = line;
  return rebuild(line, text.slice(0, text.length - line.value.length) + withoutBreaks(value));
}

/** Folds at 75 octets of UTF-8 without splitting a character (RFC 5545 §3.1). Adds no line end after the text. */
export function foldText(text: string, lineEnd = '\r\n'): string {
  if (Buffer.byteLength(text) <= 75) return text;
  const parts: string[] = [];
  let start = 0;
  let octets = 0;
  let limit = 75;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (octets + size > limit) {
      parts.push(text.slice(start, at));
      start = at;
      octets = 0;
      limit = 74; // the leading space of a continuation line also counts
    }
    octets += size;
    at += size === 4 ? 2 : 1;
  }
  parts.push(text.slice(start));
  return parts.join(`${lineEnd} `);
}

/** Decodes a TEXT value (RFC 5545 §3.3.11). */
export function unescapeText(value: string): string {
  return value.replace(/\\([\\;,nN])/g, (_, char: string) => (char === 'n' || char === 'N' ? '\n' : char));
}

/** Encodes a TEXT value (RFC 5545 §3.3.11). */
export function escapeText(value: string): string {
  return value.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** The look-behind makes the pattern match a run of CRs only from its first, so that a long run takes linear time. */
const LINE_END = /(?:(?<!\r)\r*\n|\r)$/;

function rebuild(line: ContentLine, text: string): ContentLine {
  const lineEnd = lineEndOf(line);
  const mark = line.raw.startsWith('\uFEFF') ? '\uFEFF' : '';
  return new ContentLine(mark + foldText(text, lineEnd) + lineEnd);
}

function unfold(raw: string): string {
  let text = raw.replace(LINE_END, '');
  if (text.includes('\n')) text = text.replace(/(?<!\r)\r*\n[ \t]/g, '');
  else if (text.includes('\r')) text = text.replace(/\r[ \t]/g, '');
  // Outlook and Notepad write a byte order mark, which is not part of the first name.
  return joinOctets(text.startsWith('\uFEFF') ? text.slice(1) : text);
}

/** Skips the parameters without parsing them, because most lines are read only for their name and value. */
function measureLine(text: string): Extent {
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

function readParams(text: string, { name, valueAt }: Extent): readonly Parameter[] {
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

function encodeQuoted(value: string): string {
  return value
    .replace(/\^/g, '^^')
    .replace(/\r\n|\r|\n/g, '^n')
    .replace(/"/g, "^'")
    .replace(CONTROLS, '');
}

function encodeParam(value: string): string {
  const encoded = encodeQuoted(value);
  return /[:;,]/.test(encoded) ? `"${encoded}"` : encoded;
}

function encodeParams(value: string | readonly string[]): string {
  return typeof value === 'string' ? encodeParam(value) : value.map(encodeParam).join(',');
}

function withoutBreaks(value: string): string {
  return withoutControls(value.replace(/\r\n|\r|\n/g, ' '));
}

/** Removes control characters except HTAB, which RFC 5545 §3.1 forbids in a line. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/g;
