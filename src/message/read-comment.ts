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

export function readComment(text: string): string | null {
  const said = text
    .replace(/\r\n?/g, '\n')
    // Exchange puts When and Where first, and this line between them and what was typed.
    .replace(/^[\s\S]*?^(?:\*~){5,}\*?[ \t]*$/m, '')
    // What Outlook quotes below an answer, in the languages seen: its rules are the same in all of them.
    .replace(/^(?:-{3,}[^\n-]{3,60}-{3,}|_{20,})[ \t]*$[\s\S]*/m, '')
    .replace(/^[ \t]*(?:Get Outlook for|Sent from (?:my|Mail|Outlook)|Holen Sie sich Outlook)[^\n]*$/gim, '')
    .trim();
  return said === '' ? null : said.slice(0, LONGEST);
}
