// Recognises automatic mails: out-of-office replies, read receipts, mails of mail systems. In: a parsed mail; out: whether a
// program sent it without a person. It refuses nothing. Use it only for mails without a scheduling message, because those of
// Google and Exchange are marked as automatic as well.
import { isFromMailSystem } from './recognise-bounce.ts';
import type { ReadMail } from './read-mail.ts';

/** Checks Auto-Submitted (RFC 3834 §5), then the older header fields that mail systems still use. */
export function isAutomatic(mail: ReadMail): boolean {
  const { fields } = mail;
  const has = (name: string, pattern: RegExp): boolean => fields(name).some((value) => pattern.test(value));
  return (
    has('auto-submitted', /^\s*auto-/i) ||
    has('content-type', /report-type\s*=\s*"?disposition-notification/i) ||
    AUTOREPLY_FIELDS.some((name) => fields(name).length > 0) ||
    isFromMailSystem(mail) ||
    has('precedence', /^\s*auto_reply/i) ||
    has('preference', /^\s*auto_reply/i) ||
    has('delivered-to', /^\s*autoresponder\b/i) ||
    has('x-post-messageclass', /autoresponder/i) ||
    has('x-ms-exchange-generated-message-source', /mailbox rules agent/i) ||
    // Exchange writes this field into other mails as well, so the subject must also be that of an automatic reply.
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
