// Removes the signatures of our addresses and links from a text. In: text for logs or notices; out: the text without them.
// Mail servers quote addresses and links when they refuse a mail, and a person who has one can act for its owner. It refuses
// nothing.

/** The form of signed-local-part.ts. The rest of the address still identifies the mail or the pair. */
const ADDRESS = /\b([rb]1[a-z0-9]{1,8}-[a-z2-7]{26})-[a-z2-7]{26}\b/gi;
/** A JSON Web Token, whose header begins with `{"`. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;

export function redactSignatures(text: string): string {
  return text.replace(ADDRESS, '$1-…').replace(TOKEN, 'eyJ…');
}
