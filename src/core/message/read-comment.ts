// A mail's plain text in, what its writer said to the organizer out. Used only for clients whose text part is the user's
// own: others write "X has accepted this invitation" there, which is no comment. Refuses (null) what is left empty.

/**
 * Whose text part is the comment, by PRODID. Microsoft (Outlook, Exchange, Outlook.com, the mobile apps): nothing else
 * is written there. Gmail, Google Calendar, Apple, Thunderbird, Zimbra, SOGo, Yahoo, Proton, Domino and GroupWise write
 * a sentence of their own, and a comment, if any, into the calendar as well.
 */
export function writesCommentAsText(prodid: string): boolean {
  return /microsoft|outlook|exchange/i.test(prodid);
}

const LONGEST = 2000;

/** Exchange puts When and Where first, and this line between them and what was typed. */
const BELOW = /^(?:\*~){5,}\*?$/;
/** What Outlook quotes below an answer: its rules look the same in all languages. */
const QUOTED = /^(?:-{3,}[^-]{3,60}-{3,}|_{20,})$/;
const SIGNATURE = /^(?:Get Outlook for|Sent from (?:my|Mail|Outlook)|Holen Sie sich Outlook)/i;

export function readComment(text: string): string | null {
  // Whoever writes more than this before the squiggles writes no comment.
  const lines = text
    .slice(0, 8 * LONGEST)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd());
  const below = lines.slice(lines.findIndex((line) => BELOW.test(line)) + 1);
  const quoted = below.findIndex((line) => QUOTED.test(line));
  const said = (quoted === -1 ? below : below.slice(0, quoted)).filter((line) => !SIGNATURE.test(line.trimStart()));
  return said.join('\n').trim().slice(0, LONGEST) || null;
}
