// One way to compare calendar users (RFC 5545 §3.3.3). The text of an ATTENDEE or ORGANIZER, a header or an API comes in,
// with or without `mailto:`; a key to compare by and the address to send to go out. What is no mail address is null.
import { domainToASCII } from 'node:url';
import type { CalendarAddress } from './types.ts';

/**
 * Reads an address; null where it is none (`urn:uuid:…`, `/principals/…`, `invalid:nomail`).
 * The key is lower case throughout: no mail system in use keeps local parts apart by case, and clients change it freely.
 */
export function calendarAddress(text: string): CalendarAddress | null {
  const plain = text.length <= LONGEST ? PLAIN.exec(text) : null;
  if (plain?.[1] && plain[2]) {
    return { key: `${plain[1]}@${plain[2]}`.toLowerCase(), asWritten: `${plain[1]}@${plain[2]}` };
  }
  const bare = text
    .trim()
    .replace(/^<(.*)>$/s, '$1')
    .trim();
  const scheme = /^mailto\s*:\s*/i.exec(bare)?.[0] ?? '';
  // RFC 6068 §2: header fields may follow, and octets may be percent-encoded; without the scheme a % is a % .
  const address = scheme === '' ? bare : decodePercents((bare.slice(scheme.length).split('?')[0] ?? '').trim());
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1).replace(/\.$/, '');
  if (at < 1 || domain === '' || Buffer.byteLength(address) > LONGEST || !isLocalPart(local)) return null;
  const ascii = asciiDomain(domain);
  if (ascii === null) return null;
  return { key: `${local.normalize('NFC').toLowerCase()}@${ascii}`, asWritten: `${local}@${domain}` };
}

/** What any text is compared by where an address may stand: its key, or the text itself without case where it is no mail address. */
export function addressKey(text: string): string {
  return calendarAddress(text)?.key ?? text.trim().toLowerCase();
}

/** RFC 5321 §4.5.3.1: 64 octets, an @ and 255 octets. */
const LONGEST = 320;

/** What nearly all addresses look like: nothing in it to decode, fold or convert but the case. */
const PLAIN = /^(?:mailto:)?([a-z0-9._+-]+)@([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)$/i;

function decodePercents(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // `50%off@example.com`: not percent-encoded at all
  }
}

/** A dot-atom with UTF-8 (RFC 6531), or a quoted string; no space, control character or bracket, quoted or not. */
function isLocalPart(local: string): boolean {
  if (/^"[^"\\\p{C}\s]+"$/u.test(local)) return true;
  return /^[^\s\p{C}"<>()[\]\\,;:@]+$/u.test(local);
}

function asciiDomain(domain: string): string | null {
  if (/^\[[0-9A-Za-z.:]+\]$/.test(domain)) return domain.toLowerCase();
  if (!/^[\p{L}\p{M}\p{N}._\u3002-]+$/u.test(domain)) return null;
  // `domainToASCII` reads a number as an IPv4 address and answers '' where IDNA refuses; plain ASCII needs neither.
  const ascii = /^[\x21-\x7e]+$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain);
  return ascii === '' || ascii.includes('..') || ascii.startsWith('.') ? null : ascii;
}
