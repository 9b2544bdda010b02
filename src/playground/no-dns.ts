// A DNS resolver that knows no name: the playground's people live at example.com, and their mail must not be judged by
// what the real world publishes about that domain. In: queries by UDP on loopback; out: NXDOMAIN.
import { createSocket } from 'node:dgram';

export interface NoDns {
  /** `127.0.0.1:port`, for DNS_SERVERS. */
  readonly address: string;
  close(): Promise<void>;
}

export async function startNoDns(): Promise<NoDns> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    if (query.length >= 12) socket.send(noSuchName(query), port, address);
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The query (RFC 1035 section 4.1.1) with QR, RD and RA set and RCODE 3; only its question is kept. */
function noSuchName(query: Buffer): Buffer {
  let end = 12;
  while (end < query.length && query[end] !== 0) end += (query[end] ?? 0) + 1;
  const answer = Buffer.from(query.subarray(0, Math.min(end + 5, query.length)));
  answer.writeUInt16BE(0x8183, 2);
  answer.writeUInt16BE(1, 4);
  answer.fill(0, 6, 12);
  return answer;
}
