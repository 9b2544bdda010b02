// Checks readiness for `/readyz`. In: a probe of the spool and the listeners; out: whether the spool can be written and each
// listener accepts a connection. The disk and the sockets themselves are tested. A check that hangs counts as failed. It
// refuses nothing.
import { connect, isIPv6 } from 'node:net';
import { within } from '../../core/within.ts';

export interface ReadinessOptions {
  /** Resolves if the spool can be written. */
  readonly probe: () => Promise<void>;
  /** By name. The map is read at each check, because listeners are opened one after the other. */
  readonly listeners: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  readonly timeoutMs?: number;
  readonly now: () => number;
}

export interface Readiness {
  readonly ok: boolean;
  readonly checks: Record<string, string>;
}

/** Each check costs an fsync and anybody may request it, so all requests within this time share one result. */
const CACHE_MS = 500;

export function makeReadinessCheck(options: ReadinessOptions): () => Promise<Readiness> {
  let cached: { readonly at: number; readonly result: Promise<Readiness> } | null = null;
  return () => {
    const at = options.now();
    if (cached === null || at - cached.at > CACHE_MS || at < cached.at) cached = { at, result: check(options) };
    return cached.result;
  };
}

async function check({ probe, listeners, timeoutMs = 2_000 }: ReadinessOptions): Promise<Readiness> {
  const names = [...listeners];
  const results = await Promise.all([
    succeeds(timeoutMs, probe()),
    ...names.map(([, listener]) => succeeds(timeoutMs, connectTo(listener))),
  ]);
  const checks = Object.fromEntries([
    ['spool', results[0] === true ? 'ok' : 'cannot be written'],
    ...names.map(([name], at) => [name, results[at + 1] === true ? 'ok' : 'not listening']),
  ]);
  return { ok: results.every(Boolean), checks };
}

/** Returns true if the work succeeds within the time. */
function succeeds(ms: number, work: Promise<unknown>): Promise<boolean> {
  const success = work.then(
    () => true,
    () => false,
  );
  return within(AbortSignal.timeout(ms), success, () => false);
}

function connectTo({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, connectAddress(host));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    // The check has long timed out by then; this closes its socket.
    socket.setTimeout(10_000, () => socket.destroy());
  });
}

/** Returns the loopback address for a listener on all addresses. */
function connectAddress(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return isIPv6(host) && /^[0:]+$/.test(host) ? '::1' : host;
}
