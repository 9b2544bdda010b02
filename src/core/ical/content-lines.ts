// Splits calendar text into content lines without loss. In: text; out: lines that keep every character (folds, line ends, byte
// order mark), so that the joined `raw` values are the text again. Names, parameters and values are parsed on first use. It
// refuses nothing: a line that is not a content line has the name ''.

import { displayText, joinOctets } from './octets.ts';
import {
  encodeParam,
  encodeParams,
  encodeQuoted,
  type LineHead,
  needsQuotes,
  type Parameter,
  readHead,
  readParams,
  withoutControls,
} from './parameters.ts';

/** A content line (RFC 5545 §3.1): one property, or a BEGIN or END. Immutable. */
export class ContentLine {
  /** As written, with its folds and its line end. */
  readonly raw: string;
  #text: string | null = null;
  #head: LineHead | null = null;
  #params: readonly Parameter[] | null = null;

  constructor(raw: string) {
    this.raw = raw;
  }

  /** Unfolded, without line end and byte order mark. */
  get text(): string {
    this.#text ??= unfold(this.raw);
    return this.#text;
  }

  /** In upper case; '' if this is not a content line: it is blank, or continues a value with an unescaped line break. */
  get name(): string {
    return this.#readHead().name;
  }

  get params(): readonly Parameter[] {
    this.#params ??= readParams(this.text, this.#readHead());
    return this.#params;
  }

  /** As written; a TEXT value is still escaped (see `unescapeText`). */
  get value(): string {
    return this.text.slice(this.#readHead().valueAt);
  }

  /** Returns the first value of the first parameter with this name (in upper case), null if there is none. */
  param(name: string): string | null {
    return this.paramValues(name)[0] ?? null;
  }

  /** Returns all values of the first parameter with this name (in upper case). */
  paramValues(name: string): readonly string[] {
    return this.params.find((param) => param.name === name)?.values ?? [];
  }

  #readHead(): LineHead {
    this.#head ??= readHead(this.text);
    return this.#head;
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

/** Returns the line of a calendar user with quotes around each parameter value that needs them (RFC 5545 §3.2). */
export function withQuotedParams(line: ContentLine): ContentLine {
  const { text, params } = line;
  return params.reduce((quoted, { name, values, start, end }) => {
    const [isList, written] = [name !== 'CN', text.slice(text.indexOf('=', start) + 1, end)];
    if (values.length === 0 || !needsQuotes(written, isList)) return quoted;
    return withParam(quoted, name, isList ? values : (values[0] ?? ''));
  }, line);
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

/** Returns the line folded again, between characters. */
export function foldAgain(line: ContentLine): ContentLine {
  return rebuild(line, line.text);
}

/**
 * Returns calendar text as valid Unicode, for display and for mails. A line with a fold within a character is folded again;
 * each other octet that is not UTF-8 becomes U+FFFD.
 */
export function validText(text: string): string {
  if (displayText(text) === text) return text;
  const lines = splitLines(text).map((line) => (displayText(line.raw) === line.raw ? line : foldAgain(line)));
  return displayText(joinLines(lines));
}

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

function withoutBreaks(value: string): string {
  return withoutControls(value.replace(/\r\n|\r|\n/g, ' '));
}
