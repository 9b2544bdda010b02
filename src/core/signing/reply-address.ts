// Makes and reads signed reply addresses. In: an organizer and an attendee, or a reply address; out: the reply address, or
// its id. A pair always has the same address, so that mail clients recognise it. The id is a keyed hash, so that only the
// ledger reveals the two persons. It refuses (null) an address that no key of the ring signed.
import type { CalendarAddress } from '../ical/types.ts';
import { keyedHash, readSignedAddress, signLocalPart } from './signed-local-part.ts';
import type { KeyRing } from './types.ts';

export interface ReplyPairNames {
  readonly organizer: CalendarAddress;
  readonly attendee: CalendarAddress;
}

/**
 * Returns the pair's address for the signing key, always the same for the same pair, key and domain. `id` is the key of the
 * pair in the ledger (ReplyPair.id). It contains the kid, so a new key gives a new id.
 */
export function replyAddress(ring: KeyRing, pair: ReplyPairNames, domain: string): { id: string; address: string } {
  const key = ring[0];
  const hash = keyedHash(key, 'reply-id', JSON.stringify([pair.organizer.key, pair.attendee.key]));
  return {
    id: `${key.kid}-${hash}`,
    address: `${signLocalPart(key, 'r1', 'reply-address', hash)}@${domain.toLowerCase()}`,
  };
}

/**
 * Returns the pair's id if a key of the ring signed the address, else null. The address may be in any case. `domain`: null
 * if there are none.
 */
export function readReplyAddress(ring: KeyRing, address: string, domain: string | null): { id: string } | null {
  const signed = domain === null ? null : readSignedAddress(ring, 'r1', 'reply-address', address, domain);
  return signed && { id: `${signed.kid}-${signed.id}` };
}
