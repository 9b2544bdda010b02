// Makes and reads signed envelope senders. In: the id of a mail, or a bounce address; out: the bounce address, or the id. So a
// bounce identifies the mail that was not delivered. It refuses (null) an address that no key of the ring signed.
import { GatewayError } from '../errors.ts';
import { readSignedAddress, signLocalPart } from './signed-local-part.ts';
import type { KeyRing } from './types.ts';

/**
 * Returns the bounce address of a mail. `mailId` is the id of the outgoing task, 26 characters of lower-case base32.
 *
 * @throws GatewayError `internal` for another `mailId`
 */
export function bounceAddress(ring: KeyRing, mailId: string, domain: string): string {
  if (!/^[a-z2-7]{26}$/.test(mailId)) throw new GatewayError('internal', `not a mail id: ${mailId}`);
  return `${signLocalPart(ring[0], 'b1', 'bounce-address', mailId)}@${domain.toLowerCase()}`;
}

/** Returns the mail's id if a key of the ring signed the address, else null. The address may be in any case. */
export function readBounceAddress(ring: KeyRing, address: string, domain: string): { mailId: string } | null {
  const signed = readSignedAddress(ring, 'b1', 'bounce-address', address, domain);
  return signed && { mailId: signed.id };
}
