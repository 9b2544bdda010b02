// Decides whether SPF can be evaluated. In: facts about the SMTP peer; out: whether its address is that of the sending host.
// It refuses peers behind a relay without XCLIENT, LMTP clients, and addresses of local networks, which no SPF record names.
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { PeerFacts } from '../../core/message/types.ts';

const LOCAL = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  LOCAL.addSubnet(network, bits, 'ipv4');
}
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');

export function hasClientAddress({ door, address, trustedRelay, xclient }: PeerFacts): boolean {
  if (!xclient && (door === 'lmtp' || trustedRelay)) return false;
  return isIP(address) !== 0 && !LOCAL.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
