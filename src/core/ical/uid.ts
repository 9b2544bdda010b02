// Checks the UID of a component (RFC 5545 §3.8.4.7). In: a UID; out: whether the gateway accepts it. It refuses an empty UID,
// one of more than 1,000 octets, and one with control characters.

/** A UID is used as a key in the spool and the ledger, so its length is limited and it has no control characters. */
export function isUid(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= 1000 && !/\p{Cc}/u.test(text);
}
