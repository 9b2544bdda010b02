// Writes CMS SignedData (RFC 5652) without signers. In: the content; out: DER, or BER of indefinite length with the content in
// pieces.

export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length.toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from([tag, 0x84]), Buffer.from(length, 'hex'), content]);
}

function indefinite(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x80]), ...contents, Buffer.from([0, 0])]);
}

export const DATA = '2a864886f70d010701';
export const SIGNED_DATA = '2a864886f70d010702';
export const ENVELOPED_DATA = '2a864886f70d010703';

interface Shape {
  readonly type?: string;
  readonly contentType?: string;
  /** Octets; BER if given. */
  readonly pieces?: number;
  /** Levels of constructed strings around the pieces. */
  readonly levels?: number;
}

/** `content` null: a detached signature. */
export function signedData(content: string | Uint8Array | null, shape: Shape = {}): Buffer {
  const { type = SIGNED_DATA, contentType = DATA, pieces, levels = 1 } = shape;
  const make = pieces === undefined ? element : indefinite;
  const octets = Buffer.from(content ?? '');
  const explicit = content === null ? [] : [make(0xa0, octetString(octets, pieces, levels))];
  const encapsulated = make(0x30, element(0x06, Buffer.from(contentType, 'hex')), ...explicit);
  const signed = make(0x30, element(0x02, Buffer.from([1])), element(0x31), encapsulated, element(0x31));
  return make(0x30, element(0x06, Buffer.from(type, 'hex')), make(0xa0, signed));
}

function octetString(octets: Buffer, pieces: number | undefined, levels: number): Buffer {
  if (pieces === undefined) return element(0x04, octets);
  const count = Math.ceil(octets.length / pieces);
  const all = Array.from({ length: count }, (_, at) => element(0x04, octets.subarray(at * pieces, (at + 1) * pieces)));
  return (
    Array.from({ length: levels }).reduce<Buffer[]>((inner) => [indefinite(0x24, ...inner)], all)[0] ?? Buffer.alloc(0)
  );
}
