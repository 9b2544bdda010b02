// What `/readyz` says: whether the spool takes a write and gives it back, and whether each listener accepts a connection.
// Asked of the disk and of the sockets themselves, not of what we remember of them; a check that hangs has failed.
import { connect, isIPv6 } from 'node:net';
import { within } from '../../core/within.ts';

export interface ReadinessOptions {
  /** Resolves where the spool can be written. */
  readonly probe: () => Promise<void>;
  /** By name; read at each check, since listeners come up one after the other. */
  readonly listeners: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  readonly patienceMs?: number;
  readonly now: () => number;
}

export interface Readiness {
  readonly ok: boolean;
  readonly checks: Record<string, string>;
}

/** Anybody may ask, and each answer costs an fsync: one answer serves all who ask within this time. */
const REMEMBER_MS = 500;

export function watchReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  let asked: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  return () => {
    const at = options.now();
    if (asked === null || at - asked.at > REMEMBER_MS || at < asked.at) asked = { at, answer: check(options) };
    return asked.answer;
  };
}

async function check({ probe, listeners, patienceMs = 2_000 }: ReadinessOptions): Promise<Readiness> {
  const names = [...listeners];
  const answers = await Promise.all([
    succeeds(patienceMs, probe()),
    ...names.map(([, listener]) => succeeds(patienceMs, accepts(listener))),
  ]);
  const checks = Object.fromEntries([
    ['spool', answers[0] === true ? 'ok' : 'cannot be written'],
    ...names.map(([name], at) => [name, answers[at + 1] === true ? 'ok' : 'not listening']),
  ]);
  return { ok: answers.every(Boolean), checks };
}

/** True where the work ends well in time. */
function succeeds(ms: number, work: Promise<unknown>): Promise<boolean> {
  const success = work.then(
    () => true,
    () => false,
  );
  return within(AbortSignal.timeout(ms), success, () => false);
}

function accepts({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, reachable(host));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    // Nobody waits so long; the socket must not, either.
    socket.setTimeout(10_000, () => socket.destroy());
  });
}

/** A listener on every address is reached on this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return isIPv6(host) && /^[0:]+$/.test(host) ? '::1' : host;
}
