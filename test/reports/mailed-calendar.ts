// Mails of clients with a calendar part. In: its text or octets, the sender and the recipient; out: the mail. Also returns the
// reply address of an attendee of Alice's events.
import type { CalendarAddress } from '../../src/core/ical/types.ts';
import { replyAddress } from '../../src/core/signing/reply-address.ts';
import { alice, type FlowKit, REPLY_DOMAIN } from '../flow/flow-kit.ts';

export function replyTo(kit: FlowKit, attendee: CalendarAddress): string {
  return replyAddress(kit.ring, { organizer: alice, attendee }, REPLY_DOMAIN).address;
}

export interface MailShape {
  readonly from: CalendarAddress;
  readonly to: string;
  /** ms since 1970. */
  readonly date: number;
  /** Further header fields. */
  readonly fields?: readonly string[];
  /** Of the calendar part. */
  readonly contentType?: string;
}

let count = 0;

export function calendarMail(calendar: string | Uint8Array, shape: MailShape): Uint8Array {
  const { from, to, date, fields = [], contentType = 'text/calendar; charset=utf-8' } = shape;
  count += 1;
  const header = [
    `From: ${from.asWritten}`,
    `To: ${to}`,
    'Subject: An answer',
    `Date: ${new Date(date).toUTCString()}`,
    `Message-ID: <report-${count}@client.test>`,
    ...fields,
    'MIME-Version: 1.0',
    `Content-Type: ${contentType}`,
    'Content-Transfer-Encoding: base64',
  ];
  const body = Buffer.from(calendar).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}\r\n`);
}
