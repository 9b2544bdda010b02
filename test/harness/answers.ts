// Makes answers as attendees' clients mail them. In: values of the invitation; out: the complete mail.
import { randomUUID } from 'node:crypto';
import type { Partstat } from '../../src/core/ical/types.ts';
import { type MailClient, replyAs } from '../../src/playground/client-shapes.ts';

export interface MailedAnswer {
  readonly client?: MailClient;
  readonly attendee: string;
  /** ORGANIZER of the invitation. */
  readonly organizer: string;
  readonly uid: string;
  readonly partstat: Partstat;
  readonly sequence?: number;
  readonly recurrenceId?: string;
  readonly comment?: string;
  readonly date?: number;
  readonly messageId?: string;
}

export function answerMail(answer: MailedAnswer): Uint8Array {
  return replyAs(answer.client ?? 'outlook', {
    from: { name: '', address: answer.attendee },
    to: answer.organizer,
    organizer: answer.organizer,
    uid: answer.uid,
    sequence: answer.sequence ?? 0,
    recurrenceId: answer.recurrenceId ?? null,
    summary: 'Planning',
    dtstart: 'DTSTART:20270301T100000Z',
    dtend: 'DTEND:20270301T110000Z',
    partstat: answer.partstat,
    comment: answer.comment ?? null,
    date: answer.date ?? Date.now(),
    messageId: answer.messageId ?? `<${randomUUID()}@example.com>`,
  });
}

/** Returns the lines of `after` that differ from those of `before`; both must have the same number of lines. */
export function changedLines(before: string, after: string): { before: string; after: string }[] {
  const unfold = (text: string): string[] => text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const [one, other] = [unfold(before), unfold(after)];
  if (one.length !== other.length) throw new Error(`${one.length} lines became ${other.length}:\n${after}`);
  return one.flatMap((line, at) => (line === other[at] ? [] : [{ before: line, after: other[at] ?? '' }]));
}
