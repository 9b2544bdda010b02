// In: a letter that somebody wrote to a reply address. Out: the same letter to the organizer, From our own address with
// the writer's name (the writer's domain would not let us speak in its name), Reply-To the writer, marked so that it
// cannot go round. The body goes through byte by byte; of the header only what describes it. Refuses nothing.
import MimeNode from 'nodemailer/lib/mime-node';
import { LOOP_MARK_HEADER } from '../message/read-mail.ts';
import { displayName } from './plain-text.ts';
import type { ComposedMail } from './types.ts';

export interface Forward {
  /** The letter as it came. */
  readonly raw: Uint8Array;
  /** Our own address. */
  readonly from: string;
  readonly fromName: string;
  /** The writer's address; '' where the letter names none. */
  readonly replyTo: string;
  readonly to: string;
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly loopMark: string;
}

/** What describes the body, and what the thread is told by. Received, signatures, and everything else stay behind. */
const KEPT = /^(?:subject|in-reply-to|references|mime-version|content-[a-z-]+)$/i;

const CR = 13;
const LF = 10;

/** Where the body begins: after the first empty line; the end where there is none. */
function bodyOffset(raw: Uint8Array): number {
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf(LF, at);
    if (end === -1) return raw.length;
    if (end === at || (end === at + 1 && raw[at] === CR)) return end + 1;
    at = end + 1;
  }
  return raw.length;
}

/** The fields kept, unfolded as they came but with CRLF; one of each, the first, as mail programs show it. */
function keptFields(header: string): string[] {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const found of header.split(/\r?\n(?![ \t])/)) {
    const name = /^([!-9;-~]+)[ \t]*:/.exec(found)?.[1]?.toLowerCase() ?? '';
    if (!KEPT.test(name) || seen.has(name)) continue;
    seen.add(name);
    // A bare CR would end the field for some programs and not for others.
    kept.push(
      found
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

/** The header is latin1 on the way: every byte comes out as it went in. */
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
    ...(kept.some((one) => /^mime-version/i.test(one)) ? [] : ['MIME-Version: 1.0']),
  ];
  const head = Buffer.from(`${fields.join('\r\n')}\r\n`, 'utf8');
  const rest = Buffer.from(`${kept.join('\r\n')}${kept.length > 0 ? '\r\n' : ''}\r\n`, 'latin1');
  const subject = kept.find((one) => /^subject/i.test(one))?.replace(/^[^:]*:\s*/, '') ?? '';
  return { subject, raw: Buffer.concat([head, rest, mail.raw.subarray(offset)]) };
}
