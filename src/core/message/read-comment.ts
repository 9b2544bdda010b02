// Reads an attendee's comment from the plain text of a mail. In: the text; out: the comment. It is for clients that write
// only the comment into the text part; others write "X has accepted this invitation" there. It refuses (null) a text that
// contains no comment.

import { clipText } from '../ical/clip-text.ts';

/**
 * Returns whether the client with this PRODID writes only the comment into the text part. Microsoft's clients do (Outlook,
 * Exchange, Outlook.com, the mobile apps). Gmail, Google Calendar, Apple, Thunderbird, Zimbra, SOGo, Yahoo, Proton, Domino
 * and GroupWise write a sentence of their own, and put a comment into the calendar.
 */
export function writesCommentAsText(prodid: string): boolean {
  return /microsoft|outlook|exchange/i.test(prodid);
}

const MAX_LENGTH = 2000;

/** Exchange writes When and Where first, then this separator, then the comment. */
const EXCHANGE_SEPARATOR = /^(?:\*~){5,}\*?$/;
/** The line above a mail that Outlook quotes; it has this form in all languages. */
const QUOTE_SEPARATOR = /^(?:-{3,}[^-]{3,60}-{3,}|_{20,})$/;
const APP_SIGNATURE = /^(?:Get Outlook for|Sent from (?:my|Mail|Outlook)|Holen Sie sich Outlook)/i;

/** Returns at most 2000 characters. */
export function readComment(text: string): string | null {
  // The text is cut to limit the work; the separator of Exchange comes early in it.
  const lines = text
    .slice(0, 8 * MAX_LENGTH)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd());
  const body = lines.slice(lines.findIndex((line) => EXCHANGE_SEPARATOR.test(line)) + 1);
  const quoted = body.findIndex((line) => QUOTE_SEPARATOR.test(line));
  const written = (quoted === -1 ? body : body.slice(0, quoted)).filter(
    (line) => !APP_SIGNATURE.test(line.trimStart()),
  );
  return clipText(written.join('\n').trim(), MAX_LENGTH) || null;
}
