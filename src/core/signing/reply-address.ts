// One signed address per (organizer, attendee), so that a mail client learns the sender once. It says
// who may answer to whom only to those who hold the ledger: the id is a keyed hash, the addresses are not in it.
import type { CalendarAddress } from '../ical/types.ts';
import { keyedHash, readSignedAddress, signLocalPart } from './signed-local-part.ts';
import type { KeyRing } from './types.ts';

export interface ReplyPairNames {
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
}

/**
 * The pair's address under the signing key: the same for the same pair, key and domain.
 * `id` is what the ledger keeps the pair under (ReplyPair.id); it holds the kid, so a new key makes a new id.
 */
export function replyAddress(ring: KeyRing, pair: ReplyPairNames, domain: string): { id: string; address: string } {
  const key = ring[0];
  const hash = keyedHash(key, 'reply-id', JSON.stringify([pair.organizer.key, pair.attendee.key]));
  return {
    id: `${key.kid}-${hash}`,
    address: `${signLocalPart(key, 'r1', 'reply-address', hash)}@${domain.toLowerCase()}`,
  };
}

/** The pair's id where a key of the ring signed the address, whatever case it came back in; else null. */
export function readReplyAddress(ring: KeyRing, address: string, domain: string): { id: string } | null {
  const signed = readSignedAddress(ring, 'r1', 'reply-address', address, domain);
  return signed && { id: `${signed.kid}-${signed.id}` };
}
