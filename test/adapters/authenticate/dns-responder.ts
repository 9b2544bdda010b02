// A DNS server on loopback UDP for tests. It answers from a table, records the queries, and fails for given names.
import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Name (lower case) to type to values: TXT strings, A addresses, MX as `10 host`, PTR names. */
export type Zone = Record<string, Partial<Record<'TXT' | 'A' | 'MX' | 'PTR', readonly string[]>>>;

export interface DnsResponder {
  /** `ip:port`. */
  readonly server: string;
  /** `TYPE name`, in order. */
  readonly queries: string[];
  readonly zone: Zone;
  /** Names that get SERVFAIL. */
  readonly failing: Set<string>;
  /** Names that get no response. */
  readonly silent: Set<string>;
  close(): void;
}

const TYPES: Record<number, 'TXT' | 'A' | 'MX' | 'PTR'> = { 1: 'A', 12: 'PTR', 15: 'MX', 16: 'TXT' };
const SERVFAIL = 2;
const NXDOMAIN = 3;

export async function openDnsResponder(zone: Zone): Promise<DnsResponder> {
  const socket = createSocket('udp4');
  const responder: DnsResponder = {
    server: '',
    queries: [],
    zone,
    failing: new Set(),
    silent: new Set(),
    close: () => socket.close(),
  };
  socket.on('message', (query, peer) => {
    const { name, type, end } = readQuestion(query);
    responder.queries.push(`${type ?? '?'} ${name}`);
    if (!responder.silent.has(name)) socket.send(answer(responder, query, end, name, type), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return Object.assign(responder, { server: `127.0.0.1:${portOf(socket)}` });
}

function portOf(socket: Socket): number {
  return socket.address().port;
}

function readQuestion(query: Buffer): { name: string; type: 'TXT' | 'A' | 'MX' | 'PTR' | undefined; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    const length = query.readUInt8(at);
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: TYPES[query.readUInt16BE(at + 1)], end: at + 5 };
}

function answer(
  { zone, failing }: DnsResponder,
  query: Buffer,
  end: number,
  name: string,
  type: 'TXT' | 'A' | 'MX' | 'PTR' | undefined,
): Buffer {
  const known = zone[name];
  const values = (type === undefined ? undefined : known?.[type]) ?? [];
  const code = failing.has(name) ? SERVFAIL : known === undefined ? NXDOMAIN : 0;
  const records = code === 0 ? values.map((value) => record(type as 'TXT', value)) : [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

function record(type: 'TXT' | 'A' | 'MX' | 'PTR', value: string): Buffer {
  const number = Number(Object.keys(TYPES).find((key) => TYPES[Number(key)] === type));
  const data = recordData(type, value);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(number, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function recordData(type: 'TXT' | 'A' | 'MX' | 'PTR', value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number));
  if (type === 'PTR') return nameBytes(value);
  if (type === 'MX') {
    const [preference = '10', host = ''] = value.split(' ');
    return Buffer.concat([Buffer.from([0, Number(preference)]), nameBytes(host)]);
  }
  const strings = value.match(/[^]{1,255}/g) ?? [];
  return Buffer.concat(strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])));
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
