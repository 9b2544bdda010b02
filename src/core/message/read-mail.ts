// Parses a received mail. In: its octets; out: header facts, parts and plain text. An attached message is one part and is
// not parsed. It refuses a mail beyond the limits (GatewayError `mail-unparseable`), as read-mime.ts does.
import { decodeText } from './decode-text.ts';
import { decodeTransfer } from './decode-transfer.ts';
import { htmlText } from './html-text.ts';
import type { MailLimits } from './mail-limits.ts';
import {
  decodeWords,
  type HeaderField,
  readAddresses,
  readDate,
  readFields,
  readFilename,
  readParameter,
} from './read-header.ts';
import { lastValue, type MimePart, readMime } from './read-mime.ts';
import { openSignedData } from './signed-data.ts';
import type { MailFacts } from './types.ts';

/** The header field of mails that the gateway forwards. It identifies such a mail when it comes back in a loop. */
export const LOOP_MARK_HEADER = 'X-IMIP-Gateway-Loop';

export interface MailPart extends MimePart {
  readonly charset: string | null;
  /** The parameter `method` of Content-Type. */
  readonly method: string | null;
  /** '' if there is none. */
  readonly filename: string;
  /** Returns at most `limit` octets of the body, with the transfer encoding undone. */
  readonly content: (limit: number) => Buffer;
}

export interface ReadMail {
  /** Whether the mail begins with at least one header field. */
  readonly hasHeader: boolean;
  readonly facts: MailFacts;
  /** Returns the unfolded values of all top-level fields with this name, in order. The name is in lower case. */
  readonly fields: (name: string) => readonly string[];
  /** The parts that are not multiparts, in order. A mail without multiparts has one part. */
  readonly parts: readonly MailPart[];
}

/** The octets of SignedData that may still be opened, in a mail and in the messages attached to it. */
export interface SignedBudget {
  octetsLeft: number;
}

/** @throws GatewayError `mail-unparseable` for a mail beyond the limits */
export function readMail(
  raw: Uint8Array,
  limits: MailLimits,
  signed: SignedBudget = { octetsLeft: limits.signedOctets },
): ReadMail {
  const mime = readMime(raw, limits);
  const top = mime[0]?.fields ?? [];
  const fields = (name: string): string[] => valuesOf(top, name);
  const opened = openSigned(mime, limits, signed);
  const parts = opened.filter(({ type }) => !type.startsWith('multipart/')).map(readPart);
  return { hasHeader: top.length > 0, facts: readFacts(fields, readText(parts, limits.textLength)), fields, parts };
}

/**
 * Replaces each part that is CMS SignedData by the parts of the signed mail, as if it were multipart/signed (RFC 8551 §3.5).
 * Other data of that type is kept as a part, such as enveloped data, which only the recipient can read.
 */
function openSigned(mime: readonly MimePart[], limits: MailLimits, budget: SignedBudget): MimePart[] {
  return mime.flatMap((part) => {
    if (!isSignedData(part)) return [part];
    const encoding = lastValue(part.fields, 'content-transfer-encoding');
    const octets = decodeTransfer(part.body, encoding, budget.octetsLeft + 1);
    if (octets.length > budget.octetsLeft) return [part];
    budget.octetsLeft -= octets.length;
    const signed = openSignedData(octets);
    if (signed === null) return [part];
    const inner = openSigned(readMime(signed, limits), limits, budget);
    return inner.map(({ parentType, number, ...rest }) => ({
      ...rest,
      parentType: parentType ?? part.type,
      number: [part.number, number ?? '1'].filter((each) => each !== null).join('.'),
    }));
  });
}

function isSignedData({ type, fields }: MimePart): boolean {
  const contentType = lastValue(fields, 'content-type');
  const smimeType = readParameter(contentType, 'smime-type')?.toLowerCase() ?? 'signed-data';
  if (smimeType !== 'signed-data') return false;
  if (/^application\/(?:x-)?pkcs7-mime$/.test(type)) return true;
  // Some mail gateways change the type (RFC 8551 §3.2.1).
  return (
    type === 'application/octet-stream' &&
    /\.p7m$/i.test(readFilename(lastValue(fields, 'content-disposition'), contentType))
  );
}

/** Returns the header facts of a mail that exceeds the limits. Reads only the top-level header, up to its maximum size. */
export function readHead(raw: Uint8Array, limits: MailLimits): MailFacts {
  const head = Buffer.from(raw.subarray(0, limits.partHeaderOctets)).toString('latin1');
  const end = head.search(/\n\r?\n/);
  const top = readFields(raw.subarray(0, end === -1 ? head.length : end));
  return readFacts((name) => valuesOf(top, name), '');
}

function valuesOf(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}

function readPart(part: MimePart): MailPart {
  const contentType = lastValue(part.fields, 'content-type');
  const encoding = lastValue(part.fields, 'content-transfer-encoding');
  return {
    ...part,
    charset: readParameter(contentType, 'charset'),
    method: readParameter(contentType, 'method'),
    filename: readFilename(lastValue(part.fields, 'content-disposition'), contentType),
    content: (limit) => decodeTransfer(part.body, encoding, limit),
  };
}

function readFacts(fields: (name: string) => string[], text: string): MailFacts {
  const from = fields('from');
  return {
    messageId: readMessageId(fields('message-id').at(-1)),
    date: readDate(fields('date').at(-1) ?? ''),
    subject: decodeWords(fields('subject').at(-1) ?? ''),
    from: from.flatMap(readAddresses),
    fromFields: from.length,
    sender: fields('sender').flatMap(readAddresses)[0] ?? null,
    replyTo: fields('reply-to').flatMap(readAddresses),
    to: fields('to').flatMap(readAddresses),
    hops: fields('received').length,
    loopMark: fields(LOOP_MARK_HEADER.toLowerCase())[0] ?? null,
    text,
  };
}

/** Adds missing angle brackets. Returns null for more than 500 characters, because the ledger uses the ID as a key. */
function readMessageId(value = ''): string | null {
  const id = /<([^<>\s\p{Cc}]{1,500})>/u.exec(value)?.[1] ?? /^[^<>\s\p{Cc}]{1,500}$/u.exec(value)?.[0];
  return id === undefined ? null : `<${id}>`;
}

/** Returns the inline text/plain parts, or else the first text/html part as plain text. */
function readText(parts: readonly MailPart[], length: number): string {
  const inline = parts.filter(({ fields }) => !/^\s*attachment/i.test(lastValue(fields, 'content-disposition')));
  const decode = (part: MailPart, limit: number): string => decodeText(part.content(limit), part.charset);
  const plain = inline.filter(({ type }) => type === 'text/plain' || type === 'text').slice(0, 10);
  const text = plain.map((part) => decode(part, 4 * length).trim()).filter((block) => block !== '');
  if (text.length > 0) return text.join('\n').slice(0, length);
  const html = inline.find(({ type }) => type === 'text/html');
  return html === undefined ? '' : htmlText(decode(html, length)).slice(0, length);
}
