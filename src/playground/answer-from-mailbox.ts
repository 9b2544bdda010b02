// Answers a captured invitation as Outlook, Apple Mail or Gmail would. In: the mail and a form; out: an answer in the format
// of that client, sent to the gateway's SMTP door. It throws if the form is invalid.
import { randomUUID } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { calendarAddress } from '../core/ical/calendar-address.ts';
import { componentsOf, parseEvent } from '../core/ical/event-document.ts';
import { replyAs } from './client-shapes.ts';
import type { CapturedMail } from './mailbox.ts';

const answerForm = z.object({
  client: z.enum(['outlook', 'apple-mail', 'gmail']),
  partstat: z.enum(['ACCEPTED', 'TENTATIVE', 'DECLINED']),
  comment: z.string().trim().max(500).default(''),
});

/** The calendar part as text; null if the mail has none. */
export function calendarOf({ parsed }: CapturedMail): string | null {
  const part = parsed.attachments.find(({ contentType }) => contentType === 'text/calendar');
  return part?.content.toString('utf8') ?? null;
}

export function canAnswer(mail: CapturedMail): boolean {
  return /^METHOD:REQUEST\r?$/m.test(calendarOf(mail) ?? '');
}

/** @param smtp `host:port` of the SMTP door. Throws a ZodError for an invalid form. */
export async function answerFromMailbox(mail: CapturedMail, form: unknown, smtp: string, now: number): Promise<void> {
  const { client, partstat, comment } = answerForm.parse(form);
  const [event] = componentsOf(parseEvent(calendarOf(mail) ?? ''));
  const valueOf = (name: string): string => event?.property(name)?.value ?? '';
  const organizer = calendarAddress(valueOf('ORGANIZER'))?.asWritten ?? '';
  const attendee = mail.rcptTo[0] ?? '';
  const raw = replyAs(client, {
    from: { name: '', address: attendee },
    to: organizer,
    organizer,
    uid: valueOf('UID'),
    sequence: Number(valueOf('SEQUENCE')),
    recurrenceId: event?.property('RECURRENCE-ID')?.text ?? null,
    summary: valueOf('SUMMARY'),
    dtstart: event?.property('DTSTART')?.text ?? '',
    dtend: event?.property('DTEND')?.text ?? null,
    partstat,
    comment: comment === '' ? null : comment,
    date: now,
    messageId: `<${randomUUID()}@example.com>`,
  });
  const [host = '', port = ''] = smtp.split(':');
  const transport = createTransport({
    host,
    port: Number(port),
    secure: false,
    ignoreTLS: true,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({ envelope: { from: attendee, to: organizer }, raw: Buffer.from(raw) });
  } finally {
    transport.close();
  }
}
