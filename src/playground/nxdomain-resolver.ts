// A DNS resolver that answers every query with NXDOMAIN. The people in the playground have addresses at example.com, and the
// records of the real domain must not affect their mail. In: queries by UDP on loopback; out: NXDOMAIN.
import { createSocket } from 'node:dgram';

export interface NxdomainResolver {
  /** `127.0.0.1:port`, for DNS_SERVERS. */
  readonly address: string;
  close(): Promise<void>;
}

export async function startNxdomainResolver(): Promise<NxdomainResolver> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    if (query.length >= 12) socket.send(nxdomain(query), port, address);
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Returns the question of the query with QR, RD, RA and RCODE 3 (RFC 1035 section 4.1.1). */
function nxdomain(query: Buffer): Buffer {
  let end = 12;
  while (end < query.length && query[end] !== 0) end += (query[end] ?? 0) + 1;
  const answer = Buffer.from(query.subarray(0, Math.min(end + 5, query.length)));
  answer.writeUInt16BE(0x8183, 2);
  answer.writeUInt16BE(1, 4);
  answer.fill(0, 6, 12);
  return answer;
}
