// Writes an answer as Outlook, Apple Mail or Gmail does, for the playground and for tests. In: who answers what; out: an
// RFC 5322 message with CRLF line ends, the same bytes for the same input. The formats follow the fixtures
// outlook-desktop-accepted.eml, apple-macos-accepted.eml and gmail-accepted.eml in fixtures/mail.
import { createHash } from 'node:crypto';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { encode as encodeQuotedPrintable } from 'nodemailer/lib/qp';
import { escapeText, foldText } from '../core/ical/content-lines.ts';
import { formatInstant } from '../core/ical/local-time.ts';
import type { Partstat } from '../core/ical/types.ts';
import type { MailAddress } from '../core/message/types.ts';

export type MailClient = 'outlook' | 'apple-mail' | 'gmail';

export interface ClientReply {
  readonly from: MailAddress;
  /** The recipient: ORGANIZER of the invitation, without `mailto:`. */
  readonly to: string;
  readonly uid: string;
  readonly sequence: number;
  /** The whole content line, for example `RECURRENCE-ID;TZID=Europe/Berlin:20261122T100000`. */
  readonly recurrenceId: string | null;
  /** The address of ORGANIZER, without `mailto:`. */
  readonly organizer: string;
  readonly summary: string;
  /** Whole content lines of the invitation. */
  readonly dtstart: string;
  readonly dtend: string | null;
  readonly partstat: Partstat;
  readonly comment: string | null;
  /** Date and DTSTAMP, in milliseconds since 1970. */
  readonly date: number;
  /** With or without angle brackets. */
  readonly messageId: string;
}

/** Returns the mail that `client` sends for this answer. Text of the event cannot add header fields. Never throws. */
export function replyAs(client: MailClient, reply: ClientReply): Uint8Array {
  const lines = shapes[client](reply, createHash('sha256').update(reply.messageId).digest('hex').slice(0, 24));
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

const shapes: Readonly<Record<MailClient, (reply: ClientReply, seed: string) => string[]>> = {
  outlook: writeOutlook,
  'apple-mail': writeAppleMail,
  gmail: writeGmail,
};

/** Outlook for Windows with an IMAP account: the comment is the text part; the calendar is inline and folded with tabs. */
function writeOutlook(reply: ClientReply, seed: string): string[] {
  const boundary = `----=_NextPart_000_0005_${seed.slice(0, 8).toUpperCase()}.${seed.slice(8, 16).toUpperCase()}`;
  const subject = `${verb(reply.partstat, 'Accepted', 'Declined', 'Tentative', 'Answered')}: ${reply.summary}`;
  const calendar = [
    'BEGIN:VCALENDAR',
    'PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN',
    'VERSION:2.0',
    'METHOD:REPLY',
    'X-MS-OLK-FORCEINSPECTOROPEN:TRUE',
    'BEGIN:VEVENT',
    `ATTENDEE;PARTSTAT=${reply.partstat}:mailto:${reply.from.address}`,
    'CLASS:PUBLIC',
    ...(reply.comment === null ? [] : [`COMMENT:${escapeText(reply.comment)}\\n`]),
    ...(reply.dtend === null ? [] : [reply.dtend]),
    `DTSTAMP:${formatInstant(reply.date)}`,
    reply.dtstart,
    `ORGANIZER:mailto:${reply.organizer}`,
    'PRIORITY:5',
    ...(reply.recurrenceId === null ? [] : [reply.recurrenceId]),
    `SEQUENCE:${reply.sequence}`,
    `SUMMARY;LANGUAGE=en-us:${escapeText(subject)}`,
    'TRANSP:OPAQUE',
    `UID:${escapeText(reply.uid)}`,
    'X-MICROSOFT-CDO-BUSYSTATUS:BUSY',
    'X-MICROSOFT-CDO-IMPORTANCE:1',
    'X-MS-OLK-AUTOSTARTCHECK:FALSE',
    'X-MS-OLK-CONFTYPE:0',
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return [
    `From: ${mailbox(reply.from)}`,
    `To: <${header(reply.to)}>`,
    `Subject: ${word(subject)}`,
    `Date: ${mailDate(reply.date)}`,
    `Message-ID: ${bracketed(reply.messageId)}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative;`,
    `\tboundary="${boundary}"`,
    'X-Mailer: Microsoft Outlook 16.0',
    'Content-Language: en-us',
    '',
    'This is a multipart message in MIME format.',
    '',
    `--${boundary}`,
    'Content-Type: text/plain;',
    '\tcharset="utf-8"',
    'Content-Transfer-Encoding: base64',
    '',
    ...base64(`${(reply.comment ?? '').replace(/\r\n?|\n/g, '\r\n')}\r\n`),
    '',
    `--${boundary}`,
    'Content-Type: text/calendar; name="meeting.ics"; method=REPLY;',
    '\tcharset="utf-8"',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...calendar.map((line) => fold(line, '\t')),
    '',
    `--${boundary}--`,
  ];
}

/** Calendar on macOS, which sends through Mail: an attachment without a method, with its line ends in quoted-printable. */
function writeAppleMail(reply: ClientReply, seed: string): string[] {
  const outer = `Apple-Mail=_${seed.toUpperCase()}`;
  const inner = `Apple-Mail=_${seed.slice(12).toUpperCase()}${seed.slice(0, 12).toUpperCase()}`;
  const answered = verb(reply.partstat, 'accepted', 'declined', 'tentatively accepted', 'answered');
  const file = `iCal-${formatInstant(reply.date).replace('T', '-').replace('Z', '')}.ics`;
  const calendar = [
    'BEGIN:VCALENDAR',
    'CALSCALE:GREGORIAN',
    'METHOD:REPLY',
    'PRODID:-//Apple Inc.//macOS 14.5//EN',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `ATTENDEE;CN="${parameter(reply.from.name || reply.from.address)}";CUTYPE=INDIVIDUAL;PARTSTAT=${reply.partstat};ROLE=REQ-PARTICIPANT:mailto:${reply.from.address}`,
    ...(reply.comment === null ? [] : [`COMMENT:${escapeText(reply.comment)}`]),
    ...(reply.dtend === null ? [] : [reply.dtend]),
    `DTSTAMP:${formatInstant(reply.date)}`,
    reply.dtstart,
    `ORGANIZER:mailto:${reply.organizer}`,
    ...(reply.recurrenceId === null ? [] : [reply.recurrenceId]),
    `SEQUENCE:${reply.sequence}`,
    `SUMMARY:${escapeText(reply.summary)}`,
    `UID:${escapeText(reply.uid)}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  const crlf = `${calendar.map((line) => fold(line, ' ')).join('\r\n')}\r\n`;
  return [
    `From: ${mailbox(reply.from)}`,
    'Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))',
    'Content-Type: multipart/alternative;',
    `\tboundary="${outer}"`,
    `Subject: ${word(`${answered[0]?.toUpperCase()}${answered.slice(1)}: ${reply.summary}`)}`,
    `Message-Id: ${bracketed(reply.messageId)}`,
    `Date: ${mailDate(reply.date)}`,
    `To: ${header(reply.to)}`,
    'X-Mailer: Apple Mail (2.3774.600.62)',
    '',
    '',
    `--${outer}`,
    'Content-Transfer-Encoding: base64',
    'Content-Type: text/plain;',
    '\tcharset=utf-8',
    '',
    ...base64(
      `${reply.from.name || reply.from.address} has ${answered} your invitation to the event: ${reply.summary}.`,
    ),
    `--${outer}`,
    'Content-Type: multipart/mixed;',
    `\tboundary="${inner}"`,
    '',
    '',
    `--${inner}`,
    'Content-Disposition: attachment;',
    `\tfilename=${file}`,
    'Content-Type: text/calendar;',
    '\tx-unix-mode=0644;',
    `\tname="${file}"`,
    'Content-Transfer-Encoding: quoted-printable',
    '',
    ...quotedPrintableWithLineEnds(crlf),
    '',
    `--${inner}--`,
    '',
    `--${outer}--`,
  ];
}

/** The buttons in Gmail: Google Calendar sends in the attendee's name, with two calendars and the comment in a parameter. */
function writeGmail(reply: ClientReply, seed: string): string[] {
  const outer = `000000000000${seed.slice(0, 16)}`;
  const inner = `000000000000${seed.slice(8, 24)}`;
  const answered = verb(reply.partstat, 'accepted', 'declined', 'replied "Maybe" to', 'answered');
  const name = reply.from.name || reply.from.address;
  const comment = reply.comment === null ? '' : `;X-RESPONSE-COMMENT="${parameter(reply.comment)}"`;
  const calendar = [
    'BEGIN:VCALENDAR',
    'PRODID:-//Google Inc//Google Calendar 70.9054//EN',
    'VERSION:2.0',
    'CALSCALE:GREGORIAN',
    'METHOD:REPLY',
    'BEGIN:VEVENT',
    reply.dtstart,
    ...(reply.dtend === null ? [] : [reply.dtend]),
    `DTSTAMP:${formatInstant(reply.date)}`,
    `ORGANIZER;CN=${parameter(reply.organizer)}:mailto:${reply.organizer}`,
    `UID:${escapeText(reply.uid)}`,
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=${reply.partstat};CN="${parameter(name)}";X-NUM-GUESTS=0${comment}:mailto:${reply.from.address}`,
    ...(reply.recurrenceId === null ? [] : [reply.recurrenceId]),
    `CREATED:${formatInstant(reply.date)}`,
    `LAST-MODIFIED:${formatInstant(reply.date)}`,
    `SEQUENCE:${reply.sequence}`,
    'STATUS:CONFIRMED',
    `SUMMARY:${escapeText(reply.summary)}`,
    'TRANSP:OPAQUE',
    'END:VEVENT',
    'END:VCALENDAR',
  ].map((line) => fold(line, ' '));
  return [
    'MIME-Version: 1.0',
    `Reply-To: ${mailbox(reply.from)}`,
    'Sender: Google Calendar <calendar-notification@google.com>',
    'Auto-Submitted: auto-generated',
    `Message-ID: ${bracketed(reply.messageId)}`,
    `Date: ${mailDate(reply.date)}`,
    `Subject: ${word(`${verb(reply.partstat, 'Accepted', 'Declined', 'Tentatively Accepted', 'Answered')}: ${reply.summary}`)}`,
    `From: ${mailbox(reply.from)}`,
    `To: ${header(reply.to)}`,
    `Content-Type: multipart/mixed; boundary="${outer}"`,
    '',
    `--${outer}`,
    `Content-Type: multipart/alternative; boundary="${inner}"`,
    '',
    `--${inner}`,
    'Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes',
    'Content-Transfer-Encoding: base64',
    '',
    ...base64(
      `${name} has ${answered} this invitation${reply.comment === null ? '' : ` with this note:\r\n\r\n"${reply.comment}"`}.\r\n\r\n${reply.summary}\r\n`,
    ),
    `--${inner}`,
    'Content-Type: text/calendar; charset="UTF-8"; method=REPLY',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...calendar,
    '',
    `--${inner}--`,
    '',
    `--${outer}`,
    'Content-Type: application/ics; name="invite.ics"',
    'Content-Disposition: attachment; filename="invite.ics"',
    'Content-Transfer-Encoding: base64',
    '',
    ...base64(`${calendar.join('\r\n')}\r\n`),
    `--${outer}--`,
  ];
}

function verb(partstat: Partstat, accepted: string, declined: string, tentative: string, other: string): string {
  const words: Partial<Record<Partstat, string>> = { ACCEPTED: accepted, DECLINED: declined, TENTATIVE: tentative };
  return words[partstat] ?? other;
}

function fold(line: string, indent: string): string {
  return foldText(line.replace(/[\r\n]/g, '')).replaceAll('\r\n ', `\r\n${indent}`);
}

/** A quoted parameter value cannot contain quotes or control characters. */
function parameter(text: string): string {
  return header(text).replaceAll('"', "'");
}

function header(text: string): string {
  // oxlint-disable-next-line no-control-regex -- this removes them
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
}

function word(text: string): string {
  const clean = header(text);
  return /^[\x20-\x7e]*$/.test(clean) ? clean : encodeWord(clean, 'B', 52).replaceAll(' ', '\r\n ');
}

function mailbox({ name, address }: MailAddress): string {
  const clean = header(name);
  if (clean === '') return `<${header(address)}>`;
  const written = /^[\x20-\x7e]*$/.test(clean) ? `"${clean.replace(/["\\]/g, '\\$&')}"` : word(clean);
  return `${written} <${header(address)}>`;
}

function bracketed(messageId: string): string {
  return `<${header(messageId).replace(/^<|>$/g, '')}>`;
}

function mailDate(date: number): string {
  return new Date(date).toUTCString().replace('GMT', '+0000');
}

function base64(text: string): string[] {
  return (
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? ['']
  );
}

/** Apple Mail also encodes CR and LF in attachments, and breaks lines when they are full. */
function quotedPrintableWithLineEnds(text: string): string[] {
  const encoded = encodeQuotedPrintable(text).replaceAll('\r\n', '=0D=0A');
  const lines: string[] = [];
  for (let rest = encoded; rest !== ''; ) {
    if (rest.length <= 76) return [...lines, rest];
    const escape = rest.lastIndexOf('=', 74);
    const cut = escape > 72 ? escape : 75;
    lines.push(`${rest.slice(0, cut)}=`);
    rest = rest.slice(cut);
  }
  return lines;
}
