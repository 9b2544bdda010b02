// Writes a mail. In: its parts as text; out: its bytes (RFC 5322, RFC 2045). The same input gives the same bytes, because the
// boundaries are computed from the Message-ID and the date is given. nodemailer builds the tree and the headers; its streams
// are not used, because all parts are in memory. It refuses nothing: all values are encoded.
import { createHash } from 'node:crypto';
import { encode as encodeBase64, wrap as wrapBase64 } from 'nodemailer/lib/base64';
import MailComposer from 'nodemailer/lib/mail-composer';
import { encode as encodeQuotedPrintable, wrap as wrapQuotedPrintable } from 'nodemailer/lib/qp';

type Node = ReturnType<MailComposer['compile']>;

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** The calendar of a mail. With a method it is also an alternative part, which clients show as the invitation. */
export interface CalendarPart {
  readonly text: string;
  readonly method: string | null;
}

export interface MailParts {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly replyTo: Mailbox | null;
  readonly subject: string;
  /** With or without angle brackets. */
  readonly messageId: string;
  readonly references: string | null;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly text: string;
  readonly html: string;
  readonly calendar: CalendarPart | null;
}

/** RFC 5322 §3.3. Always in UTC, so that the mail does not reveal the time zone of this machine. */
function dateHeader(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

function withLineEnds(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

function encodeBody(node: Node): string {
  const content = typeof node.content === 'string' ? node.content : '';
  if (node.getTransferEncoding() === 'base64') return wrapBase64(encodeBase64(content));
  return wrapQuotedPrintable(encodeQuotedPrintable(content));
}

function serialize(node: Node): string {
  const head = `${node.buildHeaders()}\r\n\r\n`;
  if (!node.multipart) return head + encodeBody(node);
  const parts = node.childNodes.map((child) => `--${node.boundary}\r\n${serialize(child)}\r\n`);
  return `${head}${parts.join('')}--${node.boundary}--\r\n`;
}

/**
 * Returns `mixed{ alternative{ plain, html, text/calendar; method=… }, application/ics invite.ics }`. Without a method, the
 * calendar is only an attachment. Without a calendar, the mail has only the alternatives plain and html.
 */
export function writeMail(parts: MailParts): Uint8Array {
  const { calendar } = parts;
  const ics = { content: calendar?.text ?? '', contentTransferEncoding: 'base64' };
  const alternatives =
    calendar?.method == null
      ? []
      : [{ ...ics, contentType: `text/calendar; charset=utf-8; method=${calendar.method}` }];
  const attachments = calendar === null ? [] : [{ ...ics, contentType: 'application/ics', filename: 'invite.ics' }];
  const text = { contentTransferEncoding: 'quoted-printable' };
  const composer = new MailComposer({
    from: { ...parts.from },
    to: { ...parts.to },
    replyTo: parts.replyTo === null ? undefined : { ...parts.replyTo },
    subject: parts.subject,
    messageId: parts.messageId,
    references: parts.references ?? undefined,
    inReplyTo: parts.references ?? undefined,
    date: dateHeader(parts.date),
    headers: { 'Auto-Submitted': 'auto-generated' },
    text: { ...text, content: withLineEnds(parts.text) },
    html: { ...text, content: withLineEnds(parts.html) },
    alternatives,
    attachments,
    // `=_` cannot occur in an encoded body (RFC 2045 §6.7), so no part can contain a line that is a boundary.
    boundaryPrefix: '=_',
    baseBoundary: createHash('sha256').update(parts.messageId).digest('hex').slice(0, 24),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return Buffer.from(serialize(composer.compile()), 'utf8');
}
