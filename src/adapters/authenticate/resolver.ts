// DNS for mail authentication: a resolver shared by all mails with a short memory, and for each mail a look-up function
// that counts, keeps to a deadline and remembers which names could not be told now.
import { Resolver } from 'node:dns/promises';
import { within } from '../../core/within.ts';

/** As mailauth asks: TXT gives a list of strings per record, other types a string each. */
export type LookUp = (name: string, type: string) => Promise<string[][] | string[]>;

export interface DnsLimits {
  /** Look-ups for one mail. */
  readonly perMail: number;
  /** For all look-ups of one mail together. */
  readonly deadlineMs: number;
  /** How long an answer is remembered. */
  readonly rememberMs: number;
}

export interface MailLookUp {
  readonly lookUp: LookUp;
  /** Names whose look-up failed for now, lower case. */
  readonly failed: ReadonlySet<string>;
}

export interface DnsMemory {
  forMail(): MailLookUp;
  close(): void;
}

interface Remembered {
  readonly answer: Promise<string[][] | string[]>;
  /** Of `performance.now()`, as every time here. */
  readonly until: number;
}

const MOST_REMEMBERED = 10_000;
/** "There is none" is an answer; everything else may be otherwise in a minute. */
const ANSWERS = new Set(['ENOTFOUND', 'ENODATA']);
/** No server will ever answer these. */
const PERMANENT = new Set(['EBADNAME', 'EBADQUERY', 'EFORMERR', 'EBADFAMILY', 'ERR_INVALID_ARG_VALUE']);

/** `servers`: `ip:port`; null: the system's. */
export function openDns(servers: readonly string[] | null, limits: DnsLimits): DnsMemory {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== null) resolver.setServers([...servers]);
  const memory = new Map<string, Remembered>();

  const ask: LookUp = (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    const known = memory.get(key);
    if (known !== undefined && known.until > performance.now()) return known.answer;
    const answer = resolver.resolve(name, type) as Promise<string[][] | string[]>;
    memory.delete(key);
    memory.set(key, { answer, until: performance.now() + limits.rememberMs });
    const [oldest] = memory.keys();
    if (memory.size > MOST_REMEMBERED && oldest !== undefined) memory.delete(oldest);
    answer.catch((error: unknown) => {
      if (!ANSWERS.has(codeOf(error))) memory.delete(key);
    });
    return answer;
  };

  return {
    forMail() {
      const failed = new Set<string>();
      const deadline = performance.now() + limits.deadlineMs;
      let asked = 0;
      return {
        failed,
        async lookUp(name, type) {
          asked += 1;
          // Not a failure that waiting helps: the sender's records ask for more than anybody looks up.
          if (asked > limits.perMail) throw dnsError('ETOOMANY');
          try {
            // One signal for each look-up: Node 20 warns where more than ten listen to one.
            const left = Math.max(Math.ceil(deadline - performance.now()), 0);
            return await within(AbortSignal.timeout(left), ask(name, type), () => {
              throw dnsError('ETIMEOUT');
            });
          } catch (error) {
            const code = codeOf(error);
            if (!ANSWERS.has(code) && !PERMANENT.has(code)) failed.add(name.toLowerCase());
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
