// Parses the addresses of calendar users (RFC 5545 §3.3.3). In: the value of an ATTENDEE, ORGANIZER, header field or API, with
// or without `mailto:`; out: a key for comparison and the address for mails. It refuses (null) text that is not a mail address.
import { domainToASCII } from 'node:url';
import type { CalendarAddress } from './types.ts';

/**
 * Returns null for text that is not a mail address, such as `urn:uuid:…`, `/principals/…` or `invalid:nomail`. The key is in
 * lower case, also its local part: mail systems ignore the case of local parts, and clients change it.
 */
export function calendarAddress(text: string): CalendarAddress | null {
  const plain = text.length <= MAX_LENGTH ? PLAIN_ADDRESS.exec(text) : null;
  if (plain?.[1] && plain[2]) {
    return { key: `${plain[1]}@${plain[2]}`.toLowerCase(), asWritten: `${plain[1]}@${plain[2]}` };
  }
  const bare = text
    .trim()
    .replace(/^<(.*)>$/s, '$1')
    .trim();
  const scheme = /^mailto\s*:\s*/i.exec(bare)?.[0] ?? '';
  // A path may contain an address: `/principals/alice@example.com`.
  if (scheme === '' && bare.startsWith('/')) return null;
  // RFC 6068 §2: header fields may follow, and octets may be percent-encoded. Without the scheme, `%` is a plain character.
  const address = scheme === '' ? bare : decodePercents((bare.slice(scheme.length).split('?')[0] ?? '').trim());
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1).replace(/\.$/, '');
  if (at < 1 || domain === '' || Buffer.byteLength(address) > MAX_LENGTH || !isLocalPart(local)) return null;
  const ascii = asciiDomain(domain);
  if (ascii === null) return null;
  return { key: `${local.normalize('NFC').toLowerCase()}@${ascii}`, asWritten: `${local}@${domain}` };
}

/** Returns the key for comparison. If the text is not a mail address, the key is the text in lower case. */
export function addressKey(text: string): string {
  return calendarAddress(text)?.key ?? text.trim().toLowerCase();
}

/** RFC 5321 §4.5.3.1: 64 octets, an @ and 255 octets. */
const MAX_LENGTH = 320;

/** The form of nearly all addresses. They need no decoding, only conversion to lower case. */
const PLAIN_ADDRESS =
  /^(?:mailto:)?([a-z0-9._+-]+)@([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)$/i;

function decodePercents(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoded, such as `50%off@example.com`
  }
}

/** Accepts a dot-atom with UTF-8 (RFC 6531) or a quoted string. Neither may contain spaces or control characters. */
function isLocalPart(local: string): boolean {
  if (/^"[^"\\\p{C}\s]+"$/u.test(local)) return true;
  return /^[^\s\p{C}"<>()[\]\\,;:@]+$/u.test(local);
}

function asciiDomain(domain: string): string | null {
  if (/^\[[0-9A-Za-z.:]+\]$/.test(domain)) return domain.toLowerCase();
  if (!/^[\p{L}\p{M}\p{N}._\u3002-]+$/u.test(domain)) return null;
  // `domainToASCII` converts a number to an IPv4 address, and returns '' for an invalid name. It is not used for plain ASCII.
  const ascii = /^[\x21-\x7e]+$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain);
  return ascii === '' || ascii.includes('..') || ascii.startsWith('.') ? null : ascii;
}
