// A mail's octets in, its MIME parts out: one pass over the lines, nothing copied, nothing decoded before it is asked for.
// Refuses (GatewayError `mail-unparseable`) a mail beyond the limits.
//
// Why not mailparser: measured at 3.9, 30 MB of line feeds take it 10 s and 900 MB, a quoted-printable part is decoded at
// once and in quadratic time where spaces run long, and it tells neither in what a part stands nor what its header held.
import { GatewayError } from '../errors.ts';
import type { MailLimits } from './mail-limits.ts';
import { type HeaderField, readFields } from './read-header.ts';

export interface MimePart {
  readonly fields: readonly HeaderField[];
  /** The octets of the header, without the empty line. */
  readonly header: Uint8Array;
  /** Lower case, without parameters; `text/plain` where there is none. */
  readonly type: string;
  /** As encoded for transfer. Empty for a multipart. */
  readonly body: Uint8Array;
  /** The type of the multipart it stands in; null for the mail itself. */
  readonly within: string | null;
  /** IMAP's part number, such as `1.2`; null for the mail itself. */
  readonly number: string | null;
}

/** The mail itself first, then its parts in order; attached messages stay closed. */
export function readMime(raw: Uint8Array, limits: MailLimits): MimePart[] {
  if (raw.length > limits.octets) throw beyond(`it is larger than ${limits.octets} octets`);
  const reader = new MimeReader(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), limits);
  return reader.read();
}

/** The last one where a field is repeated, as most programs read it. */
export function lastValue(fields: readonly HeaderField[], name: string): string {
  return fields.findLast((field) => field.name === name)?.value ?? '';
}

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const DASHES = Buffer.from('\n--');
/** RFC 2046 §5.1.1 allows 70 octets; some exceed it. */
const LONGEST_BOUNDARY = 200;

interface OpenMultipart {
  readonly boundary: string;
  readonly type: string;
  readonly number: string | null;
  parts: number;
}

interface Delimiter {
  /** Where the body before it ends: the line break belongs to the delimiter. */
  readonly start: number;
  /** Where the line after it begins. */
  readonly end: number;
  /** Which open multipart it belongs to. */
  readonly level: number;
  readonly closes: boolean;
}

class MimeReader {
  readonly #octets: Buffer;
  readonly #limits: MailLimits;
  /** The multiparts around the place that is read, outermost first. */
  readonly #open: OpenMultipart[] = [];
  readonly #parts: MimePart[] = [];
  #headerOctets = 0;
  #dashedLines = 0;

  constructor(octets: Buffer, limits: MailLimits) {
    this.#octets = octets;
    this.#limits = limits;
  }

  read(): MimePart[] {
    let delimiter = this.#readPart(0, null);
    while (delimiter !== null) {
      // What was left open within it has ended, too.
      this.#open.length = delimiter.level + (delimiter.closes ? 0 : 1);
      const multipart = this.#open.at(-1);
      delimiter =
        delimiter.closes || multipart === undefined
          ? this.#nextDelimiter(delimiter.end)
          : this.#readPart(delimiter.end, multipart);
    }
    return this.#parts;
  }

  /** Gives the delimiter that ends the part, or its preamble. */
  #readPart(start: number, multipart: OpenMultipart | null): Delimiter | null {
    const { end, body } = this.#headerEnd(start);
    this.#countPart(end - start);
    const header = this.#octets.subarray(start, end);
    const fields = readFields(header);
    const contentType = lastValue(fields, 'content-type');
    const type = /^[^\s;,"]+/.exec(contentType)?.[0].toLowerCase() ?? 'text/plain';
    const number =
      multipart === null ? null : `${multipart.number === null ? '' : `${multipart.number}.`}${++multipart.parts}`;
    const boundary = type.startsWith('multipart/') ? readBoundary(contentType) : null;
    if (boundary !== null) this.#open.push({ boundary, type, number, parts: 0 });
    if (this.#open.length > this.#limits.depth) throw beyond(`its parts are nested deeper than ${this.#limits.depth}`);
    const next = this.#nextDelimiter(body);
    const bodyEnd = boundary === null ? (next?.start ?? this.#octets.length) : body;
    const within = multipart?.type ?? null;
    this.#parts.push({
      fields,
      header,
      type,
      body: this.#octets.subarray(body, Math.max(body, bodyEnd)),
      within,
      number,
    });
    return next;
  }

  #countPart(headerOctets: number): void {
    const { partHeaderOctets, headerOctets: all, parts } = this.#limits;
    this.#headerOctets += headerOctets;
    if (headerOctets > partHeaderOctets) throw beyond(`a header exceeds ${partHeaderOctets} octets`);
    if (this.#headerOctets > all) throw beyond(`its headers exceed ${all} octets`);
    if (this.#parts.length >= parts) throw beyond(`it has more than ${parts} parts`);
  }

  /** At an empty line, or at a delimiter that comes before any. */
  #headerEnd(start: number): { end: number; body: number } {
    const octets = this.#octets;
    let at = start;
    while (at < octets.length && at - start <= this.#limits.partHeaderOctets) {
      if (octets[at] === LF) return { end: at, body: at + 1 };
      if (octets[at] === CR && octets[at + 1] === LF) return { end: at, body: at + 2 };
      if (this.#delimiterAt(at) !== null) return { end: at, body: at };
      const lineEnd = octets.indexOf(LF, at);
      at = lineEnd === -1 ? octets.length : lineEnd + 1;
    }
    return { end: at, body: at };
  }

  #nextDelimiter(from: number): Delimiter | null {
    let at = this.#open.length === 0 ? -1 : from;
    while (at !== -1) {
      const found = this.#delimiterAt(at);
      if (found !== null) return found;
      const dashes = this.#octets.indexOf(DASHES, at);
      at = dashes === -1 ? -1 : dashes + 1;
    }
    return null;
  }

  /** The line at `at`, if it delimits one of the open multiparts; of two with the same boundary the inner one. */
  #delimiterAt(at: number): Delimiter | null {
    const octets = this.#octets;
    if (octets[at] !== DASH || octets[at + 1] !== DASH || this.#open.length === 0) return null;
    if (++this.#dashedLines > this.#limits.dashedLines) throw beyond('too many of its lines look like boundaries');
    const lineEnd = octets.indexOf(LF, at);
    const end = lineEnd === -1 ? octets.length : lineEnd + 1;
    if (end - at > LONGEST_BOUNDARY + 100) return null;
    const line = octets.toString('utf8', at + 2, end).trimEnd();
    const level = this.#open.findLastIndex(({ boundary }) => line === boundary || line === `${boundary}--`);
    if (level === -1) return null;
    const lineBreak = octets[at - 1] !== LF ? 0 : octets[at - 2] === CR ? 2 : 1;
    return { start: at - lineBreak, end, level, closes: line !== this.#open[level]?.boundary };
  }
}

/** Single quotes are characters like others here. */
function readBoundary(contentType: string): string | null {
  const [, quoted, bare] = /[\s;]boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = (quoted ?? bare ?? '').trimEnd();
  return boundary === '' || boundary.length > LONGEST_BOUNDARY ? null : boundary;
}

function beyond(what: string): GatewayError {
  return new GatewayError('mail-unparseable', `The mail is not read: ${what}.`);
}
