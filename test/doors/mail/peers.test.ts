// Untrusted clients have separate limits; trusted relays and this machine have none.
import { describe, expect, it } from 'vitest';
import { openPeers, plainAddress } from '../../../src/doors/mail/peers.ts';

const LIMITS = { connectionsPerPeer: 2, connectionsPerMinute: 3, mailsPerMinute: 3, unknownRecipientsPerHour: 3 };
const UNTRUSTED = '192.0.2.1';

async function allowed(peers: ReturnType<typeof openPeers>, address: string, times: number): Promise<number> {
  let count = 0;
  for (let n = 0; n < times; n += 1) if (await peers.allows('mail', address)) count += 1;
  return count;
}

describe('openPeers', () => {
  it('recognises relays by address and network, for IPv4 and IPv6', () => {
    const peers = openPeers(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'], LIMITS);
    const relays = ['10.1.2.3', '192.0.2.7', '2001:db8::1', '::1'];
    expect(relays.filter((address) => !peers.isTrustedRelay(address))).toEqual([]);
    expect(['11.0.0.1', '192.0.2.8', '2001:db9::1', '127.0.0.1', '', 'nonsense'].filter(peers.isTrustedRelay)).toEqual(
      [],
    );
  });

  it('limits each untrusted client separately', async () => {
    const peers = openPeers(['10.0.0.0/8'], LIMITS);
    expect(await allowed(peers, UNTRUSTED, 10)).toBe(3);
    expect(await allowed(peers, '192.0.2.2', 10)).toBe(3);
    expect(await allowed(peers, '10.0.0.1', 10)).toBe(10);
    expect(await allowed(peers, '127.0.0.1', 10)).toBe(10);
  });

  it('regards an IPv6 /64 as one client', async () => {
    const peers = openPeers([], LIMITS);
    expect(await allowed(peers, '2001:db8:1:2::1', 2)).toBe(2);
    expect(await allowed(peers, '2001:db8:1:2:ffff:1:2:3', 10)).toBe(1);
    expect(await allowed(peers, '2001:db8:1:3::1', 10)).toBe(3);
    expect(await allowed(peers, '2001:db8::2', 10)).toBe(3);
  });

  it('counts open connections until they close', () => {
    const peers = openPeers([], LIMITS);
    const close = [peers.countConnection(UNTRUSTED), peers.countConnection(UNTRUSTED)];
    expect(peers.hasTooManyConnections(UNTRUSTED)).toBe(false);
    const third = peers.countConnection(UNTRUSTED);
    expect(peers.hasTooManyConnections(UNTRUSTED)).toBe(true);
    expect(peers.hasTooManyConnections('192.0.2.2')).toBe(false);
    third();
    expect(peers.hasTooManyConnections(UNTRUSTED)).toBe(false);
    for (const end of close) end();
    for (let n = 0; n < 10; n += 1) peers.countConnection('127.0.0.1');
    expect(peers.hasTooManyConnections('127.0.0.1')).toBe(false);
  });

  it('recognises clients that guess recipients', async () => {
    const peers = openPeers([], LIMITS);
    for (let n = 0; n < 4; n += 1) await peers.allows('unknown-recipient', UNTRUSTED);
    expect(await peers.hasGuessedTooOften(UNTRUSTED)).toBe(true);
    expect(await peers.hasGuessedTooOften('192.0.2.2')).toBe(false);
    for (let n = 0; n < 9; n += 1) await peers.allows('unknown-recipient', '127.0.0.1');
    expect(await peers.hasGuessedTooOften('127.0.0.1')).toBe(false);
  });
});

describe('plainAddress', () => {
  it('removes the IPv6 prefix of an IPv4 address, and keeps IPv6', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(plainAddress('2001:db8::1')).toBe('2001:db8::1');
  });
});
