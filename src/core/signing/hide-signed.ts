// Text that others may read in; the same without what would let its readers act for somebody out: the signatures of our
// addresses and links. Mail servers quote both when they refuse a mail, and what they say goes to logs and notices.

/** As in signed-local-part.ts: what is left still names the mail or the pair, and no longer opens anything. */
const ADDRESS = /\b([rb]1[a-z0-9]{1,8}-[a-z2-7]{26})-[a-z2-7]{26}\b/gi;
/** A JSON Web Token, whose header begins with `{"`. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;

export function hideSigned(text: string): string {
  return text.replace(ADDRESS, '$1-…').replace(TOKEN, 'eyJ…');
}
