// DNS look-ups for the checks. In: DNS_SERVERS and names; out: records, or none if the name has none. It throws if the
// resolver fails, because that does not mean that there is no record.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { openDns, type LookUp } from '../../adapters/authenticate/resolver.ts';
import { GatewayError } from '../../core/errors.ts';

export interface CheckDns {
  readonly lookUp: LookUp;
  /** The strings of each record are joined. */
  txt(name: string): Promise<string[]>;
  /** The most preferred host comes first. */
  mx(name: string): Promise<string[]>;
  /** IPv4 comes first. */
  addresses(host: string): Promise<string[]>;
  close(): void;
}

const LIMITS = { perMail: 500, deadlineMs: 60_000, cacheMs: 60_000 };

export function openCheckDns(servers: readonly string[] | null): CheckDns {
  const dns = openDns(servers, LIMITS);
  const { lookUp } = dns.forMail();

  async function records<T>(name: string, type: string): Promise<T[]> {
    try {
      return (await lookUp(name, type)) as T[];
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      const why = code === '' ? String(error) : code;
      throw new GatewayError('dns-temporary', `cannot look up ${type} of ${name}: ${why}`, {
        temporary: true,
        cause: error,
      });
    }
  }

  return {
    lookUp,
    txt: async (name) => (await records<string[]>(name, 'TXT')).map((strings) => strings.join('')),
    async mx(name) {
      const found = await records<{ exchange: string; priority: number }>(name, 'MX');
      return found.toSorted((a, b) => a.priority - b.priority).map(({ exchange }) => exchange.toLowerCase());
    },
    async addresses(host) {
      if (isIP(host) !== 0) return [host];
      const ipv4 = await records<string>(host, 'A');
      return [...ipv4, ...(await records<string>(host, 'AAAA').catch(() => []))];
    },
    close: () => dns.close(),
  };
}

/** Resolves a name as this machine does, with its hosts file, because our own servers may have no name in DNS. */
export async function localAddresses(host: string): Promise<string[]> {
  return lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}
