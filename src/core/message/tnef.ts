// Parses winmail.dat (MS-OXTNEF), which Outlook sends instead of a calendar to recipients that Exchange has set to rich
// text. In: its octets; out: the properties that describe a meeting. Every read is checked against the end of the data. It
// refuses (null) data without the TNEF signature. A truncated stream gives the properties before its end.
import { decodeText } from './decode-text.ts';

/** Times are in milliseconds since 1970. A property that is missing is null. */
export interface TnefMessage {
  /** With its current name, such as `IPM.Schedule.Meeting.Resp.Pos`; '' if it is missing. */
  readonly messageClass: string;
  readonly globalObjectId: Uint8Array | null;
  readonly cleanGlobalObjectId: Uint8Array | null;
  readonly start: number | null;
  /** The start of an occurrence before it was moved. */
  readonly originalStart: number | null;
  readonly proposedStart: number | null;
  readonly proposedEnd: number | null;
  readonly isProposal: boolean;
  readonly sequence: number | null;
  /** When the attendee answered. */
  readonly answeredAt: number | null;
  /** An SMTP address; null if there is only an Exchange directory name (`/o=…`). */
  readonly sender: string | null;
  readonly body: string | null;
}

const SIGNATURE = 0x223e9f78;
const MAX_ATTRIBUTES = 1000;
const MAX_PROPERTIES = 2000;

/** MS-OXTNEF §2.1.3.2: the low 16 bits of the attribute IDs. */
const ATTRIBUTE = { from: 0x8000, messageClass: 0x8008, properties: 0x9003, body: 0x800c, codepage: 0x9007 } as const;

/** MS-OXTNEF §2.1.3.3: the names of Schedule+, which TNEF still uses, with the current names. */
const CURRENT_CLASSES: Readonly<Record<string, string>> = {
  'IPM.Microsoft Schedule.MtgRespP': 'IPM.Schedule.Meeting.Resp.Pos',
  'IPM.Microsoft Schedule.MtgRespN': 'IPM.Schedule.Meeting.Resp.Neg',
  'IPM.Microsoft Schedule.MtgRespA': 'IPM.Schedule.Meeting.Resp.Tent',
  'IPM.Microsoft Schedule.MtgReq': 'IPM.Schedule.Meeting.Request',
  'IPM.Microsoft Schedule.MtgCncl': 'IPM.Schedule.Meeting.Canceled',
};

/** MS-OXPROPS §1.3.2: property sets. */
const MEETING = '6ed8da90-450b-101b-98da-00aa003f1305';
const APPOINTMENT = '00062002-0000-0000-c000-000000000046';
const COMMON = '00062008-0000-0000-c000-000000000046';

type Value = number | boolean | string | Uint8Array;
type Properties = Map<string, Value>;

/** Returns null if the data does not begin with the TNEF signature (MS-OXTNEF). */
export function readTnef(octets: Uint8Array): TnefMessage | null {
  const cursor = new Cursor(octets);
  if (cursor.left < 6 || cursor.u32() !== SIGNATURE) return null;
  cursor.skip(2);
  const attributes = readAttributes(cursor);
  const codepage = attributes.get(ATTRIBUTE.codepage);
  const charset = codepage === undefined || codepage.length < 4 ? 'windows-1252' : codepageName(codepage);
  const properties = readProperties(attributes.get(ATTRIBUTE.properties), charset);
  const named = attributes.get(ATTRIBUTE.messageClass);
  const body = attributes.get(ATTRIBUTE.body);
  return {
    messageClass: currentClass((named && readText(named, charset)) || textOf(properties, '001a') || ''),
    ...readMeeting(properties),
    sender: readSender(attributes.get(ATTRIBUTE.from), properties, charset),
    body: (body && readText(body, charset)) || textOf(properties, '1000'),
  };
}

function currentClass(messageClass: string): string {
  const [old, current] = Object.entries(CURRENT_CLASSES).find(([name]) => messageClass.startsWith(name)) ?? ['', ''];
  return current + messageClass.slice(old.length);
}

function readMeeting(properties: Properties) {
  return {
    globalObjectId: octetsOf(properties, `${MEETING}/3`),
    cleanGlobalObjectId: octetsOf(properties, `${MEETING}/23`),
    start: firstNumber(properties, [`${APPOINTMENT}/820d`, `${COMMON}/8516`, '0060']),
    originalStart: numberOf(properties, `${APPOINTMENT}/8228`),
    proposedStart: numberOf(properties, `${APPOINTMENT}/8250`),
    proposedEnd: numberOf(properties, `${APPOINTMENT}/8251`),
    isProposal: properties.get(`${APPOINTMENT}/8257`) === true,
    sequence: numberOf(properties, `${APPOINTMENT}/8201`),
    answeredAt: firstNumber(properties, [`${APPOINTMENT}/8220`, `${MEETING}/1`]),
  };
}

/** Prefers the represented sender to the actual sender, and both to the From attribute. */
function readSender(from: Uint8Array | undefined, properties: Properties, charset: string): string | null {
  const addresses = ['5d02', '0065', '5d01', '0c1f'].map((id) => textOf(properties, id));
  const inTriple = from === undefined ? null : readTripleAddress(from, charset);
  const sender = [...addresses, inTriple].find((address) => address?.includes('@') === true);
  return sender?.replace(/^smtp:/i, '') ?? null;
}

/** Returns the attributes of the message (level 1), without those of its attachments. Ignores the checksums. */
function readAttributes(cursor: Cursor): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  for (let count = 0; count < MAX_ATTRIBUTES && cursor.left >= 9; count++) {
    const level = cursor.u8();
    const id = cursor.u32() & 0xffff;
    const length = cursor.u32();
    const data = cursor.take(Math.min(length, cursor.left));
    if (level === 1 && data !== null && !attributes.has(id)) attributes.set(id, data);
    cursor.skip(2);
  }
  return attributes;
}

/** MS-OXTNEF §2.1.3.4. A key is an ID such as `001a`, or `guid/id` for a named property. */
function readProperties(data: Uint8Array | undefined, charset: string): Properties {
  const properties: Properties = new Map();
  if (data === undefined) return properties;
  const cursor = new Cursor(data);
  const count = Math.min(cursor.u32(), MAX_PROPERTIES);
  for (let index = 0; index < count && cursor.left >= 4; index++) {
    const type = cursor.u16();
    const id = cursor.u16();
    const key = id < 0x8000 ? id.toString(16).padStart(4, '0') : readName(cursor);
    const values = readValues(cursor, type, charset);
    if (key === null || values === null) break;
    if (values[0] !== undefined && !properties.has(key)) properties.set(key, values[0]);
  }
  return properties;
}

function readName(cursor: Cursor): string | null {
  const guid = cursor.take(16);
  if (guid === null || cursor.left < 8) return null;
  if (cursor.u32() === 0) return `${guidText(guid)}/${cursor.u32().toString(16)}`;
  const name = cursor.takePadded(cursor.u32());
  return name === null ? null : `${guidText(guid)}/${new TextDecoder('utf-16le').decode(name.subarray(0, 256))}`;
}

/** Returns the first value, [] if there is none, and null if the stream is truncated or the type is unknown. */
function readValues(cursor: Cursor, type: number, charset: string): Value[] | null {
  const base = type & 0x0fff;
  const size = FIXED_SIZES[base];
  const several = (type & 0x1000) !== 0 || size === undefined;
  const count = several ? cursor.u32() : 1;
  const values: Value[] = [];
  if (size === undefined && !VARIABLE_TYPES.has(base)) return null;
  for (let index = 0; index < count; index++) {
    if (size === undefined && cursor.left < 4) return null;
    const data = cursor.takePadded(size ?? cursor.u32());
    if (data === null) return null;
    if (index === 0) values.push(readValue(base, data, charset));
  }
  return values;
}

/** MS-OXCDATA §2.11.1. */
const FIXED_SIZES: Readonly<Record<number, number>> = {
  0x02: 2, // Integer16
  0x03: 4, // Integer32
  0x04: 4, // Floating32
  0x05: 8, // Floating64
  0x06: 8, // Currency
  0x07: 8, // FloatingTime
  0x0a: 4, // ErrorCode
  0x0b: 2, // Boolean
  0x14: 8, // Integer64
  0x40: 8, // Time
  0x48: 16, // Guid
};
const VARIABLE_TYPES = new Set([0x0d, 0x1e, 0x1f, 0x102]); // Object, String8, String, Binary

function readValue(type: number, data: Uint8Array, charset: string): Value {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (type) {
    case 0x03:
      return view.getInt32(0, true);
    case 0x0b:
      return view.getInt16(0, true) !== 0;
    case 0x1e:
      return readText(data, charset);
    case 0x1f:
      return new TextDecoder('utf-16le').decode(data).replace(/\0.*$/s, '');
    case 0x40:
      // FILETIME: units of 100 ns since 1601.
      return Number(view.getBigInt64(0, true) / 10_000n) - 11_644_473_600_000;
    default:
      return data;
  }
}

/** MS-OXTNEF §2.1.3.3.4: a TRP structure, followed by the name and `SMTP:address`. */
function readTripleAddress(data: Uint8Array, charset: string): string | null {
  const cursor = new Cursor(data);
  if (cursor.left < 8) return null;
  cursor.skip(4);
  const nameLength = cursor.u16();
  const addressLength = cursor.u16();
  cursor.skip(nameLength);
  const address = cursor.left < 0 ? null : cursor.take(addressLength);
  return address === null ? null : readText(address, charset);
}

function readText(data: Uint8Array, charset: string): string {
  const end = data.indexOf(0);
  return decodeText(end === -1 ? data : data.subarray(0, end), charset);
}

function codepageName(data: Uint8Array): string {
  const codepage = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0, true);
  return CODEPAGES[codepage] ?? `windows-${codepage}`;
}

const CODEPAGES: Readonly<Record<number, string>> = {
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  65001: 'utf-8',
};

/** The first three groups of a GUID are little-endian. */
function guidText(guid: Uint8Array): string {
  const hex = (indices: number[]): string =>
    indices.map((at) => (guid[at] ?? 0).toString(16).padStart(2, '0')).join('');
  return [
    [3, 2, 1, 0],
    [5, 4],
    [7, 6],
    [8, 9],
    [10, 11, 12, 13, 14, 15],
  ]
    .map(hex)
    .join('-');
}

function textOf(properties: Properties, key: string): string | null {
  const value = properties.get(key);
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(properties: Properties, key: string): number | null {
  const value = properties.get(key);
  return typeof value === 'number' ? value : null;
}

function firstNumber(properties: Properties, keys: readonly string[]): number | null {
  return keys.map((key) => numberOf(properties, key)).find((value) => value !== null) ?? null;
}

function octetsOf(properties: Properties, key: string): Uint8Array | null {
  const value = properties.get(key);
  return value instanceof Uint8Array ? value : null;
}

/** Reads little-endian values. Beyond the end of the data, numbers are 0 and octets are null. */
class Cursor {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  u8(): number {
    return this.#data[this.#at++] ?? 0;
  }

  u16(): number {
    return this.u8() | (this.u8() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  skip(count: number): void {
    this.#at += count;
  }

  take(count: number): Uint8Array | null {
    if (count > this.left) return null;
    const data = this.#data.subarray(this.#at, this.#at + count);
    this.#at += count;
    return data;
  }

  /** Skips the padding to four octets as well. The padding of the last value may be missing. */
  takePadded(count: number): Uint8Array | null {
    const data = this.take(count);
    this.skip(Math.min((4 - (count % 4)) % 4, Math.max(this.left, 0)));
    return data;
  }
}
