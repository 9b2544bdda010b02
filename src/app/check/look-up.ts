// DNS as a check asks it. In: DNS_SERVERS; out: records, none where a name has none. It refuses to take a resolver that
// does not answer for "there is none".
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { openDns, type LookUp } from '../../adapters/authenticate/resolver.ts';
import { GatewayError } from '../../core/errors.ts';

export interface CheckDns {
  readonly lookUp: LookUp;
  /** Each record's strings joined. */
  txt(name: string): Promise<string[]>;
  /** Most preferred first. */
  mx(name: string): Promise<string[]>;
  /** IPv4 first. */
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
      throw new GatewayError('dns-temporary', `DNS does not say what ${type} ${name} is: ${why}`, {
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

/** As this machine resolves it, with its hosts file: for servers of ours that no DNS knows. */
export async function localAddresses(host: string): Promise<string[]> {
  return lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}
