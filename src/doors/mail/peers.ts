// Who connects: trusted relay, this machine, or a stranger, and how much of us one stranger may take. Keyed by address,
// IPv6 by its /64, which is what one customer gets; relays and this machine are not limited.
import { BlockList, isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface PeerLimits {
  /** Open connections of one stranger at a time. */
  readonly connectionsPerPeer: number;
  readonly connectionsPerMinute: number;
  readonly mailsPerMinute: number;
  /** Past these, a stranger who guesses addresses is turned away for the rest of the hour. */
  readonly unknownRecipientsPerHour: number;
}

export type PeerEvent = 'connection' | 'mail' | 'unknown-recipient';

export interface Peers {
  isTrustedRelay(address: string): boolean;
  /** Neither a trusted relay nor this machine. */
  isStranger(address: string): boolean;
  /** Counts an open connection until the function it returns is called. */
  open(address: string): () => void;
  /** More connections are open than one stranger may have. */
  hasTooMany(address: string): boolean;
  /** Counts an event; false: there were too many of the kind. */
  allows(event: PeerEvent, address: string): Promise<boolean>;
  /** Too many unknown recipients lately. */
  isGuessing(address: string): Promise<boolean>;
}

const REMEMBERED = 1_000;

/** `trustedRelays`: addresses and CIDR networks. */
export function openPeers(trustedRelays: readonly string[], limits: PeerLimits): Peers {
  const relays = networks(trustedRelays);
  const machine = networks(['127.0.0.0/8', '::1']);
  const open = new Map<string, number>();
  const rates: Record<PeerEvent, RateLimiterMemory> = {
    connection: new RateLimiterMemory({ points: limits.connectionsPerMinute, duration: 60 }),
    mail: new RateLimiterMemory({ points: limits.mailsPerMinute, duration: 60 }),
    'unknown-recipient': new RateLimiterMemory({ points: limits.unknownRecipientsPerHour, duration: 3600 }),
  };
  const isTrustedRelay = remembered((address) => contains(relays, address));
  const isStranger = remembered((address) => !contains(relays, address) && !contains(machine, address));
  return {
    isTrustedRelay,
    isStranger,
    open(address) {
      const key = peerKey(address);
      open.set(key, (open.get(key) ?? 0) + 1);
      return () => {
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
      };
    },
    hasTooMany: (address) => isStranger(address) && (open.get(peerKey(address)) ?? 0) > limits.connectionsPerPeer,
    async allows(event, address) {
      if (!isStranger(address)) return true;
      // The limiter rejects with its count where the limit is passed, and throws nothing else in memory.
      return rates[event].consume(peerKey(address)).then(
        () => true,
        () => false,
      );
    },
    async isGuessing(address) {
      if (!isStranger(address)) return false;
      const counted = await rates['unknown-recipient'].get(peerKey(address));
      return counted !== null && counted.consumedPoints > limits.unknownRecipientsPerHour;
    },
  };
}

/** As a socket of a dual-stack listener reports it: IPv4 without the mapping prefix. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** A block list takes ten microseconds for what is asked several times of each mail. */
function remembered(judge: (address: string) => boolean): (address: string) => boolean {
  const known = new Map<string, boolean>();
  return (address) => {
    const verdict = known.get(address) ?? judge(address);
    if (known.size >= REMEMBERED) known.clear();
    known.set(address, verdict);
    return verdict;
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
