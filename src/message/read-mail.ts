// Raw octets in; header facts, decoded parts and plain text out, by mailparser. Messages within messages stay closed: they
// are parts like any other. Refuses (GatewayError `mail-unparseable`) what mailparser gives up on.
import { type EmailAddress, type ParsedMail, simpleParser } from 'mailparser';
import addressparser from 'nodemailer/lib/addressparser';
import sanitizeHtml from 'sanitize-html';
import { GatewayError } from '../errors.ts';
import type { MailLimits } from './check-shape.ts';
import type { MailAddress, MailFacts } from './types.ts';

/** Mails that the gateway forwards carry it, so that one that comes back is known. */
export const LOOP_MARK_HEADER = 'X-IMIP-Gateway-Loop';

export interface MailPart {
  /** Lower case, without parameters: `text/calendar`. */
  readonly type: string;
  readonly charset: string | null;
  /** Content-Type's `method`. */
  readonly method: string | null;
  readonly filename: string;
  /** Transfer encoding undone, charset not. */
  readonly content: Buffer;
  /** IMAP's part number, such as `1.2`; null for a mail that is this part alone. */
  readonly number: string | null;
  /** The part's header holds a calendar instead of its body (fixtures/mail/james-calendar-in-header.eml). */
  readonly calendarInHeader: boolean;
}

export interface ReadMail {
  readonly facts: MailFacts;
  /** Unfolded values of all fields of that name, in order. Names in lower case. */
  readonly fields: (name: string) => readonly string[];
  /** All but the inline text. */
  readonly parts: readonly MailPart[];
}

export async function readMail(raw: Uint8Array, limits: MailLimits): Promise<ReadMail> {
  const parsed = await parse(raw, limits);
  const fields = (name: string): string[] =>
    parsed.headerLines.filter(({ key }) => key === name).map(({ line }) => unfold(line));
  return { facts: readFacts(parsed, fields, limits), fields, parts: parsed.attachments.map(readPart) };
}

/** A part's Content-Type, read leniently: separators other than `;` are seen from old gateways, and quotes of both kinds. */
export function readContentType(value: string): Pick<MailPart, 'type' | 'charset' | 'method'> {
  const type = /^\s*([^\s;,"]+)/.exec(value)?.[1]?.toLowerCase() ?? '';
  return { type, charset: readParameter(value, 'charset'), method: readParameter(value, 'method') };
}

export function readParameter(value: string, name: string): string | null {
  const match = new RegExp(`[\\s;,]${name}\\s*=\\s*["']?([^"';,\\s]+)`, 'i').exec(value);
  return match?.[1] ?? null;
}

async function parse(raw: Uint8Array, limits: MailLimits): Promise<ParsedMail> {
  const options = {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    keepDeliveryStatus: true,
    // These are handed on to mailsplit, whose own types are not mailparser's.
    ignoreEmbedded: true,
    maxHeadSize: limits.partHeaderOctets,
    maxChildNodes: limits.parts,
  };
  try {
    return await simpleParser(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), options);
  } catch (cause) {
    throw new GatewayError('mail-unparseable', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readPart(attachment: ParsedMail['attachments'][number]): MailPart {
  const { headers } = attachment;
  return {
    ...readContentType(writeContentType(headers.get('content-type')) || attachment.contentType),
    filename: attachment.filename ?? '',
    content: Buffer.isBuffer(attachment.content) ? attachment.content : Buffer.alloc(0),
    number: attachment.partId ?? null,
    calendarInHeader: [headers.get('begin') ?? []].flat().some((value) => /^vcalendar$/i.test(String(value))),
  };
}

/** mailparser gives Content-Type as a value and parameters; where it found no `;` the value holds it all. */
function writeContentType(header: unknown): string {
  if (typeof header !== 'object' || header === null || !('value' in header)) return '';
  const params = 'params' in header && typeof header.params === 'object' ? (header.params ?? {}) : {};
  const written = Object.entries(params).map(([name, value]) => `; ${name}="${String(value).replace(/^'|'$/g, '')}"`);
  return `${String(header.value)}${written.join('')}`;
}

function readFacts(parsed: ParsedMail, fields: (name: string) => string[], limits: MailLimits): MailFacts {
  const from = fields('from');
  return {
    messageId: parsed.messageId?.slice(0, 998) ?? null,
    date: readDate(fields('date').at(-1) ?? ''),
    subject: parsed.subject ?? '',
    from: from.length > 1 ? from.flatMap((line) => flatten(addressparser(line))) : flatten(parsed.from?.value ?? []),
    fromFields: from.length,
    sender: flatten(fields('sender').flatMap((line) => addressparser(line)))[0] ?? null,
    replyTo: flatten(parsed.replyTo?.value ?? []),
    to: [parsed.to ?? []].flat().flatMap(({ value }) => flatten(value)),
    hops: fields('received').length,
    loopMark: fields(LOOP_MARK_HEADER.toLowerCase())[0] ?? null,
    text: readText(parsed, limits.textLength),
  };
}

function flatten(addresses: readonly (EmailAddress | addressparser.AddressOrGroup)[]): MailAddress[] {
  return addresses.flatMap((entry) => {
    if ('group' in entry && entry.group !== undefined) return flatten(entry.group);
    return 'address' in entry && entry.address ? [{ name: entry.name, address: entry.address }] : [];
  });
}

/** `line` is `Name: value` as it stood in the mail. */
function unfold(line: string): string {
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim();
}

/** RFC 5322 §3.3; a Date without zone is read as UTC, since this machine's own zone says nothing about it. */
function readDate(value: string): number | null {
  const bare = value.replace(/\([\s\S]*$/, '').trim(); // a comment, such as the zone's name, ends it
  const zoned = /([+-]\d{4}|\b[A-Z]{1,4})$/i.test(bare);
  const time = Date.parse(zoned ? bare : `${bare} UTC`);
  return Number.isNaN(time) ? null : time;
}

function readText(parsed: ParsedMail, length: number): string {
  const plain = (parsed.text ?? '').trim();
  if (plain !== '' || typeof parsed.html !== 'string') return plain.slice(0, length);
  const html = parsed.html
    .slice(0, 4 * length)
    .replace(/<\/(?:p|h[1-6]|ul|ol|table)\b/gi, '\n\n$&')
    .replace(/<(?:br|\/div|\/tr|\/li)\b/gi, '\n$&');
  const text = sanitizeHtml(html, { allowedTags: [], allowedAttributes: {}, disallowedTagsMode: 'discard' });
  return decodeEntities(text)
    .replace(/[ \t\u00a0]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .slice(0, length);
}

/** What sanitize-html leaves escaped. */
function decodeEntities(text: string): string {
  return text.replace(/&(lt|gt|quot|amp);/g, (_, name: 'lt' | 'gt' | 'quot' | 'amp') => ENTITIES[name]);
}

const ENTITIES = { lt: '<', gt: '>', quot: '"', amp: '&' } as const;
