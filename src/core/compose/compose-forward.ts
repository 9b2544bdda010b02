// Composes the forwarded copy of a letter that was sent to a reply address. In: the letter as received; out: a mail to the
// organizer. From is our own address with the writer's name, because DMARC of the writer's domain would reject our mail.
// Reply-To is the writer. The mail has a loop mark. The body is unchanged; of the header, only some fields are kept. It
// refuses nothing.
import MimeNode from 'nodemailer/lib/mime-node';
import { LOOP_MARK_HEADER } from '../message/read-mail.ts';
import { displayName } from './plain-text.ts';
import type { ComposedMail } from './types.ts';

export interface Forward {
  /** The letter as received. */
  readonly raw: Uint8Array;
  /** Our own address. */
  readonly from: string;
  readonly fromName: string;
  /** The writer's address, '' if the letter has none. */
  readonly replyTo: string;
  readonly to: string;
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** The value of LOOP_MARK_HEADER. */
  readonly loopMark: string;
}

/** The fields that describe the body or link the thread. Received, signatures and all other fields are removed. */
const KEPT = /^(?:subject|in-reply-to|references|mime-version|content-[a-z-]+)$/i;

const CR = 13;
const LF = 10;

/** Returns the offset of the body, which follows the first empty line. Without an empty line, it is the end. */
function bodyOffset(raw: Uint8Array): number {
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf(LF, at);
    if (end === -1) return raw.length;
    if (end === at || (end === at + 1 && raw[at] === CR)) return end + 1;
    at = end + 1;
  }
  return raw.length;
}

/** Returns the kept fields, still folded, with CRLF. Keeps the first of repeated fields, because mail clients show that one. */
function keptFields(header: string): string[] {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const written of header.split(/\r?\n(?![ \t])/)) {
    const name = /^([!-9;-~]+)[ \t]*:/.exec(written)?.[1]?.toLowerCase() ?? '';
    if (!KEPT.test(name) || seen.has(name)) continue;
    seen.add(name);
    // A bare CR would end the field for some programs and not for others.
    kept.push(
      written
        .replace(/\r?\n/g, '\n')
        .replace(/[\r\0]/g, ' ')
        .replace(/\n/g, '\r\n'),
    );
  }
  return kept;
}

function field(name: string, value: Parameters<typeof MimeNode.encodeHeaderValue>[1]): string {
  return `${name}: ${MimeNode.encodeHeaderValue(name, value)}`;
}

/** Decodes and encodes the kept fields as latin1, so that their bytes do not change. */
export function composeForward(mail: Forward): ComposedMail {
  const offset = bodyOffset(mail.raw);
  const kept = keptFields(Buffer.from(mail.raw.subarray(0, offset)).toString('latin1'));
  const name = displayName(mail.fromName, mail.replyTo === '' ? mail.from : mail.replyTo);
  const fields = [
    field('From', { name, address: mail.from }),
    ...(mail.replyTo === '' ? [] : [field('Reply-To', { name: '', address: mail.replyTo })]),
    field('To', { name: '', address: mail.to }),
    field('Message-ID', mail.messageId),
    field('Date', new Date(mail.date)),
    field('Auto-Submitted', 'auto-forwarded'),
    field(LOOP_MARK_HEADER, mail.loopMark),
    ...(kept.some((line) => /^mime-version/i.test(line)) ? [] : ['MIME-Version: 1.0']),
  ];
  const head = Buffer.from(`${fields.join('\r\n')}\r\n`, 'utf8');
  const rest = Buffer.from(`${kept.join('\r\n')}${kept.length > 0 ? '\r\n' : ''}\r\n`, 'latin1');
  const subject = kept.find((line) => /^subject/i.test(line))?.replace(/^[^:]*:\s*/, '') ?? '';
  return { subject, raw: Buffer.concat([head, rest, mail.raw.subarray(offset)]) };
}
