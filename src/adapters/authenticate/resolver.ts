// DNS look-ups for mail authentication. In: names and types; out: records. All mails share one resolver with a short cache.
// Each mail has its own look-up function, which records the names that failed temporarily. It refuses look-ups over the
// mail's maximum number or after its deadline.
import { Resolver } from 'node:dns/promises';
import { within } from '../../core/within.ts';

/** The signature that mailauth expects: TXT records are lists of strings, records of other types are strings. */
export type LookUp = (name: string, type: string) => Promise<string[][] | string[]>;

export interface DnsLimits {
  /** The maximum number of look-ups for one mail. */
  readonly perMail: number;
  /** For all look-ups of one mail together. */
  readonly deadlineMs: number;
  /** How long an answer is cached. */
  readonly cacheMs: number;
}

export interface MailLookUp {
  readonly lookUp: LookUp;
  /** Names whose look-up failed temporarily, in lower case. */
  readonly failed: ReadonlySet<string>;
}

export interface DnsCache {
  forMail(): MailLookUp;
  close(): void;
}

interface CacheEntry {
  readonly answer: Promise<string[][] | string[]>;
  /** A `performance.now()` time, like every time in this file. */
  readonly until: number;
}

const MAX_CACHED = 10_000;
/** Negative answers: the name or the record does not exist. They are cached like positive ones. */
const NEGATIVE = new Set(['ENOTFOUND', 'ENODATA']);
/** Errors for invalid names, which a retry does not change. All other errors are temporary. */
const PERMANENT = new Set(['EBADNAME', 'EBADQUERY', 'EFORMERR', 'EBADFAMILY', 'ERR_INVALID_ARG_VALUE']);

/** @param servers as `ip:port`; null means the system's resolvers. */
export function openDns(servers: readonly string[] | null, limits: DnsLimits): DnsCache {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== null) resolver.setServers([...servers]);
  const cache = new Map<string, CacheEntry>();

  const resolveCached: LookUp = (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    const cached = cache.get(key);
    if (cached !== undefined && cached.until > performance.now()) return cached.answer;
    const answer = resolver.resolve(name, type) as Promise<string[][] | string[]>;
    cache.delete(key);
    cache.set(key, { answer, until: performance.now() + limits.cacheMs });
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    answer.catch((error: unknown) => {
      if (!NEGATIVE.has(codeOf(error))) cache.delete(key);
    });
    return answer;
  };

  return {
    forMail() {
      const failed = new Set<string>();
      const deadline = performance.now() + limits.deadlineMs;
      let lookUps = 0;
      return {
        failed,
        async lookUp(name, type) {
          lookUps += 1;
          // This is not a temporary failure: the sender's records need more look-ups than we allow.
          if (lookUps > limits.perMail) throw dnsError('ETOOMANY');
          try {
            // Each look-up has its own signal, because Node 20 warns if a signal has more than ten listeners.
            const left = Math.max(Math.ceil(deadline - performance.now()), 0);
            return await within(AbortSignal.timeout(left), resolveCached(name, type), () => {
              throw dnsError('ETIMEOUT');
            });
          } catch (error) {
            const code = codeOf(error);
            if (!NEGATIVE.has(code) && !PERMANENT.has(code)) failed.add(name.toLowerCase());
            throw error;
          }
        },
      };
    },
    close: () => resolver.cancel(),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function dnsError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
