// A signed envelope sender per mail: what comes back to it names the mail that did not arrive, and nobody can invent one.
import { GatewayError } from '../errors.ts';
import { readSignedAddress, signLocalPart } from './signed-local-part.ts';
import type { KeyRing } from './types.ts';

/** `mailId`: 26 characters of lower-case base32, the outgoing task's id. Throws GatewayError `internal` at any other. */
export function bounceAddress(ring: KeyRing, mailId: string, domain: string): string {
  if (!/^[a-z2-7]{26}$/.test(mailId)) throw new GatewayError('internal', `not a mail id: ${mailId}`);
  return `${signLocalPart(ring[0], 'b1', 'bounce-address', mailId)}@${domain.toLowerCase()}`;
}

/** The mail's id where a key of the ring signed the address, whatever case it came back in; else null. */
export function readBounceAddress(ring: KeyRing, address: string, domain: string): { mailId: string } | null {
  const signed = readSignedAddress(ring, 'b1', 'bounce-address', address, domain);
  return signed && { mailId: signed.id };
}
