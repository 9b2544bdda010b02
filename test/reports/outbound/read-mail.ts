// Reads a mail as its recipient sees it. In: the composed mail; out: its subject, its text, and the lines with a label.
import { simpleParser } from 'mailparser';
import { composeInvitation } from '../../../src/core/compose/compose-invitation.ts';
import type { InvitationMail } from '../../../src/core/compose/types.ts';
import { calendar, event, invitationMail, loadTemplates } from '../../core/compose/samples.ts';

export const templates = await loadTemplates();

export interface ReadMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly ics: string;
  /** The text after `label:`, '' if there is no such line. */
  line(label: string): string;
}

export async function readMail(raw: Uint8Array): Promise<ReadMail> {
  const mail = await simpleParser(Buffer.from(raw), { skipTextToHtml: true });
  const text = mail.text ?? '';
  const ics = mail.attachments.find(({ contentType }) => contentType === 'application/ics');
  return {
    subject: mail.subject ?? '',
    text,
    html: String(mail.html),
    ics: (ics?.content.toString() ?? '').replace(/\r\n[ \t]/g, ''),
    line: (label) => new RegExp(`^${label} ?: (.*)$`, 'm').exec(text)?.[1] ?? '',
  };
}

/** Returns the invitation to the sample event with these properties. */
export function invitationTo(
  properties: Readonly<Record<string, string | null>>,
  changes: Partial<InvitationMail> = {},
): Promise<ReadMail> {
  return invited({ calendar: calendar('REQUEST', event(properties)), ...changes });
}

export function invited(changes: Partial<InvitationMail>): Promise<ReadMail> {
  return readMail(composeInvitation(invitationMail(changes), templates).raw);
}
