// Writes winmail.dat (MS-OXTNEF) for tests. In: attributes and properties; out: octets.

export const MEETING = '6ed8da90-450b-101b-98da-00aa003f1305';
export const APPOINTMENT = '00062002-0000-0000-c000-000000000046';

export interface TnefProperty {
  readonly type: number;
  /** An ID below 0x8000, or the name of a named property. */
  readonly id:
    | number
    | { readonly guid: string; readonly lid: number }
    | { readonly guid: string; readonly name: string };
  readonly values: readonly Uint8Array[];
}

export function u16(value: number): Buffer {
  const octets = Buffer.alloc(2);
  octets.writeUInt16LE(value);
  return octets;
}

export function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value >>> 0);
  return octets;
}

/** Converts milliseconds since 1970 to a FILETIME. */
export function fileTime(time: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigInt64LE((BigInt(time) + 11_644_473_600_000n) * 10_000n);
  return octets;
}

export const utf16 = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le');

export function writeTnef(attributes: readonly (readonly [id: number, data: Uint8Array])[]): Buffer {
  const written = attributes.map(([id, data]) => {
    const checksum = data.reduce((sum, octet) => (sum + octet) & 0xffff, 0);
    return Buffer.concat([Buffer.from([1]), u32(id), u32(data.length), data, u16(checksum)]);
  });
  return Buffer.concat([u32(0x223e9f78), u16(1), ...written]);
}

export function writeProperties(properties: readonly TnefProperty[]): Buffer {
  return Buffer.concat([u32(properties.length), ...properties.map(writeProperty)]);
}

function writeProperty({ type, id, values }: TnefProperty): Buffer {
  const head = [u16(type), typeof id === 'number' ? u16(id) : writeName(id)];
  const variable = [0x0d, 0x1e, 0x1f, 0x102].includes(type & 0xfff);
  if (variable || (type & 0x1000) !== 0) head.push(u32(values.length));
  const body = values.flatMap((value) => [...(variable ? [u32(value.length)] : []), pad(value)]);
  return Buffer.concat([...head, ...body]);
}

function writeName(id: Exclude<TnefProperty['id'], number>): Buffer {
  const name = 'lid' in id ? [u32(0), u32(id.lid)] : [u32(1), u32(utf16(id.name).length), pad(utf16(id.name))];
  return Buffer.concat([u16(0x8000), guid(id.guid), ...name]);
}

function guid(text: string): Buffer {
  const octets = Buffer.from(text.replaceAll('-', ''), 'hex');
  octets.subarray(0, 4).reverse();
  octets.subarray(4, 6).reverse();
  octets.subarray(6, 8).reverse();
  return octets;
}

function pad(value: Uint8Array): Buffer {
  return Buffer.concat([value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** MS-OXOCAL §2.2.1.27. With `uid`, the ID has the form for events that came to Outlook as iCalendar. */
export function globalObjectId(
  { uid, hex }: { uid?: string; hex?: string },
  date: readonly [year: number, month: number, day: number] | null = null,
): Buffer {
  const data =
    uid === undefined
      ? Buffer.from(hex ?? '', 'hex')
      : Buffer.concat([Buffer.from('vCal-Uid'), u32(1), Buffer.from(`${uid}\0`)]);
  const day = date === null ? Buffer.alloc(4) : Buffer.from([date[0] >> 8, date[0] & 0xff, date[1], date[2]]);
  return Buffer.concat([
    Buffer.from('040000008200e00074c5b7101a82e008', 'hex'),
    day,
    Buffer.alloc(16),
    u32(data.length),
    data,
  ]);
}
