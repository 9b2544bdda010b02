// Classifies SMTP clients and limits the untrusted ones. In: an address and an event; out: whether it is a trusted relay,
// and whether the event is within the limits. It refuses events over the limits. Counters are kept per address, for IPv6
// per /64, which is what one customer gets. Trusted relays and this machine have no limits.
import { BlockList, isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface PeerLimits {
  /** Open connections of one untrusted client at a time. */
  readonly connectionsPerPeer: number;
  readonly connectionsPerMinute: number;
  readonly mailsPerMinute: number;
  /** An untrusted client with more unknown recipients is refused for the rest of the hour, because it guesses addresses. */
  readonly unknownRecipientsPerHour: number;
}

export type PeerEvent = 'connection' | 'mail' | 'unknown-recipient';

export interface Peers {
  isTrustedRelay(address: string): boolean;
  /** True for every address that is neither a trusted relay nor this machine. */
  isUntrusted(address: string): boolean;
  /** Counts an open connection until the returned function is called. */
  countConnection(address: string): () => void;
  hasTooManyConnections(address: string): boolean;
  /** Counts an event. Returns false if there were too many events of that kind. */
  allows(event: PeerEvent, address: string): Promise<boolean>;
  /** Returns whether the client has named too many unknown recipients in the last hour. */
  hasGuessedTooOften(address: string): Promise<boolean>;
}

const MAX_MEMOIZED = 1_000;

/** @param trustedRelays addresses and CIDR networks. */
export function openPeers(trustedRelays: readonly string[], limits: PeerLimits): Peers {
  const relays = networks(trustedRelays);
  const loopback = networks(['127.0.0.0/8', '::1']);
  const open = new Map<string, number>();
  const rates: Record<PeerEvent, RateLimiterMemory> = {
    connection: new RateLimiterMemory({ points: limits.connectionsPerMinute, duration: 60 }),
    mail: new RateLimiterMemory({ points: limits.mailsPerMinute, duration: 60 }),
    'unknown-recipient': new RateLimiterMemory({ points: limits.unknownRecipientsPerHour, duration: 3600 }),
  };
  const isTrustedRelay = memoized((address) => contains(relays, address));
  const isUntrusted = memoized((address) => !contains(relays, address) && !contains(loopback, address));
  return {
    isTrustedRelay,
    isUntrusted,
    countConnection(address) {
      const key = peerKey(address);
      open.set(key, (open.get(key) ?? 0) + 1);
      return () => {
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
      };
    },
    hasTooManyConnections: (address) =>
      isUntrusted(address) && (open.get(peerKey(address)) ?? 0) > limits.connectionsPerPeer,
    async allows(event, address) {
      if (!isUntrusted(address)) return true;
      // The limiter rejects when the limit is exceeded. The in-memory limiter has no other errors.
      return rates[event].consume(peerKey(address)).then(
        () => true,
        () => false,
      );
    },
    async hasGuessedTooOften(address) {
      if (!isUntrusted(address)) return false;
      const counted = await rates['unknown-recipient'].get(peerKey(address));
      return counted !== null && counted.consumedPoints > limits.unknownRecipientsPerHour;
    },
  };
}

/** Removes the IPv6 prefix of an IPv4 address, which sockets of a dual-stack listener report. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Caches results, because a BlockList look-up takes ten microseconds and each mail needs several. */
function memoized(test: (address: string) => boolean): (address: string) => boolean {
  const results = new Map<string, boolean>();
  return (address) => {
    const result = results.get(address) ?? test(address);
    if (results.size >= MAX_MEMOIZED) results.clear();
    results.set(address, result);
    return result;
  };
}

function networks(list: readonly string[]): BlockList {
  const found = new BlockList();
  for (const entry of list) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) found.addAddress(address, family);
    else found.addSubnet(address, Number(bits), family);
  }
  return found;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function peerKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  if (address.includes('::')) groups.push(...Array<string>(Math.max(missing, 0)).fill('0'), ...tail.split(':'));
  return groups.slice(0, 4).join(':');
}
