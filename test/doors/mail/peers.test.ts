// Strangers are limited, each by itself; relays and this machine are not.
import { describe, expect, it } from 'vitest';
import { openPeers, plainAddress } from '../../../src/doors/mail/peers.ts';

const LIMITS = { connectionsPerPeer: 2, connectionsPerMinute: 3, mailsPerMinute: 3, unknownRecipientsPerHour: 3 };
const STRANGER = '192.0.2.1';

async function allowed(peers: ReturnType<typeof openPeers>, address: string, times: number): Promise<number> {
  let count = 0;
  for (let n = 0; n < times; n += 1) if (await peers.allows('mail', address)) count += 1;
  return count;
}

describe('openPeers', () => {
  it('knows relays by address and network, of both families', () => {
    const peers = openPeers(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'], LIMITS);
    const relays = ['10.1.2.3', '192.0.2.7', '2001:db8::1', '::1'];
    expect(relays.filter((address) => !peers.isTrustedRelay(address))).toEqual([]);
    expect(['11.0.0.1', '192.0.2.8', '2001:db9::1', '127.0.0.1', '', 'nonsense'].filter(peers.isTrustedRelay)).toEqual(
      [],
    );
  });

  it('counts what each stranger does, and has room for others', async () => {
    const peers = openPeers(['10.0.0.0/8'], LIMITS);
    expect(await allowed(peers, STRANGER, 10)).toBe(3);
    expect(await allowed(peers, '192.0.2.2', 10)).toBe(3);
    expect(await allowed(peers, '10.0.0.1', 10)).toBe(10);
    expect(await allowed(peers, '127.0.0.1', 10)).toBe(10);
  });

  it('takes an IPv6 /64 for one stranger', async () => {
    const peers = openPeers([], LIMITS);
    expect(await allowed(peers, '2001:db8:1:2::1', 2)).toBe(2);
    expect(await allowed(peers, '2001:db8:1:2:ffff:1:2:3', 10)).toBe(1);
    expect(await allowed(peers, '2001:db8:1:3::1', 10)).toBe(3);
    expect(await allowed(peers, '2001:db8::2', 10)).toBe(3);
  });

  it('counts open connections until they close', () => {
    const peers = openPeers([], LIMITS);
    const close = [peers.open(STRANGER), peers.open(STRANGER)];
    expect(peers.hasTooMany(STRANGER)).toBe(false);
    const third = peers.open(STRANGER);
    expect(peers.hasTooMany(STRANGER)).toBe(true);
    expect(peers.hasTooMany('192.0.2.2')).toBe(false);
    third();
    expect(peers.hasTooMany(STRANGER)).toBe(false);
    for (const end of close) end();
    for (let n = 0; n < 10; n += 1) peers.open('127.0.0.1');
    expect(peers.hasTooMany('127.0.0.1')).toBe(false);
  });

  it('remembers who guesses recipients', async () => {
    const peers = openPeers([], LIMITS);
    for (let n = 0; n < 4; n += 1) await peers.allows('unknown-recipient', STRANGER);
    expect(await peers.isGuessing(STRANGER)).toBe(true);
    expect(await peers.isGuessing('192.0.2.2')).toBe(false);
    for (let n = 0; n < 9; n += 1) await peers.allows('unknown-recipient', '127.0.0.1');
    expect(await peers.isGuessing('127.0.0.1')).toBe(false);
  });
});

describe('plainAddress', () => {
  it('takes the mapping off IPv4, and leaves IPv6', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(plainAddress('2001:db8::1')).toBe('2001:db8::1');
  });
});
