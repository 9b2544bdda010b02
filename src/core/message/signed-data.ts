// Opens CMS SignedData (RFC 5652 §5), in which S/MIME clients send a signed mail as one part (RFC 8551 §3.5.2). In: the octets
// of the part, in DER or BER, also with indefinite lengths and with the content in pieces; out: the content, which is a MIME
// entity. The signature is not verified: as with multipart/signed, it is not used as a proof. It refuses (null) enveloped data,
// a detached signature, invalid data, and data with too many elements.
import { Constructed, fromBER, ObjectIdentifier, OctetString } from 'asn1js';

const DATA = '1.2.840.113549.1.7.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';

/** The caller limits the length, because asn1js takes a microsecond for each octet of hostile data. */
export function openSignedData(octets: Uint8Array): Uint8Array | null {
  const [type, wrapped] = childrenOf(parse(octets));
  const [signedData] = isType(type, SIGNED_DATA) ? childrenOf(wrapped) : [];
  const [, , encapsulated] = childrenOf(signedData);
  const [contentType, explicit] = childrenOf(encapsulated);
  const [content] = isType(contentType, DATA) ? childrenOf(explicit) : [];
  return content instanceof OctetString ? Buffer.concat(piecesOf(content)) : null;
}

/** Returns null for invalid data. The content of an OCTET STRING (a mail, or a part of a certificate) is not parsed. */
function parse(octets: Uint8Array): unknown {
  try {
    const { offset, result } = fromBER(octets, { maxNodes: 2_000, maxDepth: 30, parseEmbedded: false });
    return offset === -1 ? null : result;
  } catch (error) {
    // asn1js passes the octets of a time or a string as arguments of one call, which fails if there are too many.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function childrenOf(block: unknown): readonly unknown[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}

function isType(block: unknown, type: string): boolean {
  return block instanceof ObjectIdentifier && block.valueBlock.toString() === type;
}

function piecesOf(content: OctetString): Uint8Array[] {
  if (!content.idBlock.isConstructed) return [content.valueBlock.valueHexView];
  return content.valueBlock.value.flatMap((piece) => (piece instanceof OctetString ? piecesOf(piece) : []));
}
