// The lossless text layer of iCalendar. Calendar text comes in, content lines go out that remember every byte (folds, line
// ends, byte order mark), so that joining their `raw` gives the text back; names, parameters and values are read only
// when asked for. It refuses nothing: a line that is no content line has the name ''.

import { joinOctets } from './octets.ts';

/** One parameter of a content line. */
export interface Parameter {
  /** Upper case. */
  readonly name: string;
  /** Without quotes, RFC 6868 decoded; empty for a parameter without `=`. */
  readonly values: readonly string[];
  /** Offsets in the unfolded text: from the `;` to the end of the last value. */
  readonly start: number;
  readonly end: number;
}

interface Extent {
  readonly name: string;
  /** Offset of the value in the unfolded text. */
  readonly valueAt: number;
}

/** A logical line (RFC 5545 §3.1): one property, or a BEGIN or END. Immutable. */
export class ContentLine {
  /** As it stands in the text, with its folds and its line end. */
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

  /** Upper case; '' where this is no content line (blank, or the rest of a value with a raw newline). */
  get name(): string {
    return this.#measure().name;
  }

  get params(): readonly Parameter[] {
    this.#params ??= readParams(this.text, this.#measure());
    return this.#params;
  }

  /** As written: TEXT values still have their backslashes (see `unescapeText`). */
  get value(): string {
    return this.text.slice(this.#measure().valueAt);
  }

  /** First value of the first parameter of that (upper case) name; null where there is none. */
  param(name: string): string | null {
    return this.paramValues(name)[0] ?? null;
  }

  /** All values of the first parameter of that (upper case) name. */
  paramValues(name: string): readonly string[] {
    return this.params.find((param) => param.name === name)?.values ?? [];
  }

  #measure(): Extent {
    this.#extent ??= measureLine(this.text);
    return this.#extent;
  }
}

/** Splits text into logical lines. Lines end with CRLF or LF, with CR alone only where the text has no LF at all. */
export function splitLines(text: string): ContentLine[] {
  const lines: ContentLine[] = [];
  const end = text.includes('\n') ? '\n' : '\r';
  let start = 0;
  let searchFrom = 0;
  while (start < text.length) {
    const at = text.indexOf(end, searchFrom);
    const next = at === -1 ? text.length : at + 1;
    // RFC 5545 §3.1: a line that begins with a space or a tab belongs to the one before.
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

/** The line end of this line as written: `\r\n`, `\n`, rarely `\r` or `\r\r\n`; `\r\n` where the text just stops. */
export function lineEndOf(line: ContentLine): string {
  return LINE_END.exec(line.raw)?.[0] ?? '\r\n';
}

/** A new line from its parts; `value` must already be escaped as its type wants. Folded, with that line end. */
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
 * The same line with one parameter set (several values: a list; null: removed); name and value stay as written. A parameter that is there keeps its
 * place, the case of its name and its quotes; a new one comes last. The line is folded anew.
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

/** The same line without the parameters of those (upper case) names. */
export function withoutParams(line: ContentLine, isDropped: (name: string) => boolean): ContentLine {
  const dropped = line.params.filter(({ name }) => isDropped(name));
  return dropped.reduce((left, { name }) => withParam(left, name, null), line);
}

/** The same line under another name, with only those of its parameters, as they are written. Folded anew. */
export function withName(line: ContentLine, name: string, keep: readonly string[]): ContentLine {
  const kept = line.params.filter((param) => keep.includes(param.name));
  const params = kept.map((param) => line.text.slice(param.start, param.end)).join('');
  return rebuild(line, `${name}${params}:${line.value}`);
}

/** The same line with another value (already escaped as its type wants); parameters stay as written. Folded anew. */
export function withValue(line: ContentLine, value: string): ContentLine {
  const { text } = line;
  return rebuild(line, text.slice(0, text.length - line.value.length) + withoutBreaks(value));
}

/** Folds at 75 octets of UTF-8 without splitting a character (RFC 5545 §3.1). No line end is added at the end. */
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
      limit = 74; // the space that begins a continuation counts
    }
    octets += size;
    at += size === 4 ? 2 : 1;
  }
  parts.push(text.slice(start));
  return parts.join(`${lineEnd} `);
}

/** TEXT as read (RFC 5545 §3.3.11). */
export function unescapeText(value: string): string {
  return value.replace(/\\([\\;,nN])/g, (_, char: string) => (char === 'n' || char === 'N' ? '\n' : char));
}

/** TEXT as written (RFC 5545 §3.3.11). */
export function escapeText(value: string): string {
  return value.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** A run of CRs is looked at from its first one only: a line of a million of them must not cost their square. */
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
  // Outlook and Notepad write a byte order mark; it is no part of the first name.
  return joinOctets(text.startsWith('\uFEFF') ? text.slice(1) : text);
}

/** Most lines are only asked for their name and value: their parameters are passed over, not read. */
function measureLine(text: string): Extent {
  const none: Extent = { name: '', valueAt: 0 };
  const name = /^[A-Za-z0-9_-]+(?=[;:])/.exec(text)?.[0];
  if (name === undefined) return none;
  let at = name.length;
  while (text[at] === ';') at = readParam(text, at, null);
  return text[at] === ':' ? { name: name.toUpperCase(), valueAt: at + 1 } : none;
}

function readParams(text: string, { name, valueAt }: Extent): readonly Parameter[] {
  const params: Parameter[] = [];
  for (let at = name.length; at < valueAt - 1; ) {
    const values: string[] = [];
    const end = readParam(text, at, values);
    const param = /^;([^=;:]*)/.exec(text.slice(at, end))?.[1]?.trim().toUpperCase() ?? '';
    // `ATTENDEE;:mailto:…` and `;;` occur: an empty parameter is skipped.
    if (param !== '') params.push({ name: param, values, start: at, end });
    at = end;
  }
  return params;
}

/** Goes over the parameter that starts with the `;` at `start`; its values are added to `values`. Gives its end. */
function readParam(text: string, start: number, values: string[] | null): number {
  let at = findOneOf(text, start + 1, '=;:');
  while (text[at] === '=' || text[at] === ',') {
    const end = valueEnd(text, at + 1);
    values?.push(decodeParam(text.slice(at + 1, end)));
    at = end;
    if (text[at] !== ',') break;
  }
  return at;
}

/** Where a parameter value that starts at `from` ends: at the `,` `;` or `:` outside of quotes. */
function valueEnd(text: string, from: number): number {
  let at = from;
  if (text[at] === '"') {
    const close = text.indexOf('"', at + 1);
    // A quote that is never closed is an ordinary character: the value of the property must not be swallowed.
    at = close === -1 ? at + 1 : close + 1;
  }
  const end = findOneOf(text, at, ',;:');
  // Unquoted `SENT-BY=mailto:a@example.com:mailto:…`: the first colon belongs to the parameter.
  if (text[end] === ':' && /^mailto$/i.test(text.slice(from, end)) && text.includes(':', end + 1)) {
    return findOneOf(text, end + 1, ',;:');
  }
  return end;
}

function findOneOf(text: string, from: number, chars: string): number {
  let at = from;
  while (at < text.length && !chars.includes(text[at] ?? '')) at++;
  return at;
}

function decodeParam(written: string): string {
  const open = written.length >= 2 && written.startsWith('"') && written.indexOf('"', 1) !== -1;
  const text = open ? written.slice(1).replace('"', '') : written;
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

/** RFC 5545 §3.1: no control character but HTAB stands in a line. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/g;
