// Checks a scheduling callback. In: its headers (X-CalDAV-* or X-LS-*, addresses with or without `mailto:`) and its body;
// out: a CallbackRequest. It refuses headers that do not match the calendar and returns the reason, because such a callback
// would mail an invitation to the wrong people.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { foldAgain, joinLines, splitLines } from '../../core/ical/content-lines.ts';
import { isUid } from '../../core/ical/uid.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { isFromAttendee, type Method, METHODS } from '../../core/itip/methods.ts';
import { unfoldOctets } from '../../core/ical/unfold-octets.ts';
import type { ReadScheduling, Scheduling } from './read-scheduling.ts';
import type { CallbackReply } from './reply-codes.ts';
import type { CallbackRequest } from '../../flow/use-cases.ts';

export interface CallbackHeaders {
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly method: Method;
}

/** Compares in constant time. If `expected` is null, no key is valid. */
export function isValidKey(headers: IncomingHttpHeaders, expected: string | null): boolean {
  const sent = headers['x-api-key'] ?? headers['x-ls-api-key'];
  const same = timingSafeEqual(digest(typeof sent === 'string' ? sent : ''), digest(expected ?? ''));
  return same && expected !== null && expected !== '';
}

export function readCallbackHeaders(headers: IncomingHttpHeaders): CallbackHeaders | CallbackReply {
  const sender = calendarAddress(field(headers, 'sender'));
  if (sender === null) return 'no-sender';
  const recipient = calendarAddress(field(headers, 'recipient'));
  if (recipient === null) return 'no-recipient';
  const named = field(headers, 'method').trim().toUpperCase();
  const method = METHODS.find((each) => each === named);
  return method === undefined ? 'no-method' : { sender, recipient, method };
}

/**
 * Decodes the body in the charset of its Content-Type (default: UTF-8) and removes a byte order mark. A body with folds within
 * characters is unfolded, decoded and folded again. Returns null if the body cannot be decoded.
 */
export function decodeBody(body: Uint8Array, contentType: string | undefined): string | null {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  const text = tryDecode(body, charset);
  if (text !== null) return text;
  const unfolded = tryDecode(unfoldOctets(body), charset);
  return unfolded === null ? null : joinLines(splitLines(unfolded).map(foldAgain));
}

function tryDecode(octets: Uint8Array, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(octets);
  } catch {
    return null;
  }
}

/** Returns the request if the calendar matches the headers, else the reason for refusing it. */
export function checkCalendar(
  headers: CallbackHeaders,
  calendar: string,
  read: ReadScheduling,
): CallbackRequest | CallbackReply {
  const scheduling = read(calendar);
  if (scheduling === null) return 'calendar-unparseable';
  if (![...scheduling.uids].some(isUid)) return 'calendar-without-event';
  if (scheduling.uids.size > 1) return 'several-events';
  if (scheduling.methods.length !== 1 || scheduling.methods[0] !== headers.method) return 'method-differs';
  return checkParties(headers, scheduling) ?? { ...headers, calendar };
}

function checkParties(
  { sender, recipient, method }: CallbackHeaders,
  { organizers, organizerLacksAddress, attendees }: Scheduling,
): CallbackReply | null {
  const [senders, recipients] = isFromAttendee(method) ? [attendees, organizers] : [organizers, attendees];
  // The key authenticates the sender, so an ORGANIZER that is a principal path (macOS, iOS) is regarded as the sender.
  const isVouchedFor = organizerLacksAddress && !isFromAttendee(method);
  if (!isVouchedFor && !senders.has(sender.key)) return 'sender-differs';
  // A calendar with METHOD:PUBLISH lists no attendees (RFC 5546 §1.4).
  if (method !== 'PUBLISH' && !recipients.has(recipient.key)) return 'recipient-differs';
  return null;
}

function field(headers: IncomingHttpHeaders, name: 'sender' | 'recipient' | 'method'): string {
  const value = headers[`x-caldav-${name}`] ?? headers[`x-ls-${name}`];
  // Node decodes header bytes as Latin-1, but CalDAV servers send UTF-8.
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : '';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
