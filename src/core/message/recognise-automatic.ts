// A read mail in; whether a machine wrote it by itself out: out-of-office, vacation, read receipts, mail system robots.
// Asked only of mails without an answer: Google's and Exchange's answers are automatic too, and count.

import { isMailSystem } from './recognise-bounce.ts';
import type { ReadMail } from './read-mail.ts';

/** RFC 3834 §5 first, then what is older than it and still sent. */
export function isAutomatic(mail: ReadMail): boolean {
  const { fields } = mail;
  const has = (name: string, pattern: RegExp): boolean => fields(name).some((value) => pattern.test(value));
  return (
    has('auto-submitted', /^\s*auto-/i) ||
    has('content-type', /report-type\s*=\s*"?disposition-notification/i) ||
    AUTOREPLY_FIELDS.some((name) => fields(name).length > 0) ||
    isMailSystem(mail) ||
    has('precedence', /^\s*auto_reply/i) ||
    has('preference', /^\s*auto_reply/i) ||
    has('delivered-to', /^\s*autoresponder\b/i) ||
    has('x-post-messageclass', /autoresponder/i) ||
    has('x-ms-exchange-generated-message-source', /mailbox rules agent/i) ||
    // Exchange suppresses answers to its own notices too: only with such a subject is it an absence.
    (fields('x-auto-response-suppress').length > 0 && has('subject', AUTOREPLY_SUBJECT)) ||
    (has('precedence', /^\s*(?:bulk|junk)/i) && has('subject', AUTOREPLY_SUBJECT))
  );
}

const AUTOREPLY_FIELDS = [
  'x-autoreply',
  'x-autorespond',
  'x-autoresponder',
  'x-autoreply-from',
  'x-mail-autoreply',
  'x-ms-exchange-inbox-rules-loop',
  'x-facebook-notify',
];

const AUTOREPLY_SUBJECT =
  /^\s*(?:automatic reply|auto[- ]?reply|auto[- ]?response|autoresponder|out of (?:the )?office|vacation|abwesen|automatische antwort|réponse automatique|absen[ct]e|respuesta automática|risposta automatica|resposta automática|automatisch antwoord|autosvar)/i;
