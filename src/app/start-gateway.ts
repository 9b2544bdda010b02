// The composition root. In: a Config, from the command line, the playground or a test; out: a running gateway, with its
// adapters, queues and listeners. It throws if one of them cannot be opened.
import { randomBytes } from 'node:crypto';
import { DAY, HOUR } from '../core/ical/local-time.ts';
import { mailDoorOptions } from './config/adapter-options.ts';
import type { Config } from './config/config.ts';
import { decideAndWait, readDecision } from '../flow/questions/decide-held.ts';
import { requestPriority } from '../flow/queue/request-priority.ts';
import { expireQuestions } from '../flow/questions/expire-questions.ts';
import { makeOutcomes, type Outcomes } from '../flow/queue/outcomes.ts';
import { receiveCallback, receiveMail } from '../flow/inbound/receive.ts';
import { answerRsvp, showRsvp } from '../flow/inbound/show-rsvp.ts';
import { writeBatching } from '../flow/queue/write-batching.ts';
import { openHttp } from '../doors/web/open-http.ts';
import type { UseCases } from '../flow/use-cases.ts';
import type { Log } from '../flow/ports/log.ts';
import { openMetricsListener } from '../doors/metrics/metrics-listener.ts';
import { readVersion } from './read-version.ts';
import { openMetrics } from '../adapters/metrics/open-metrics.ts';
import { makeReadinessCheck } from '../doors/metrics/readiness.ts';
import { DRAIN_MS, type OnStop, startQueues } from './wire-queues.ts';
import type { ReceivedMail } from '../core/message/types.ts';
import { readSettingFiles } from './config/setting-files.ts';
import type { HostPort } from './config/setting-values.ts';
import { openMailDoor } from '../doors/mail/smtp-door.ts';
import { makeIds } from '../adapters/spool/new-id.ts';
import { openSpool } from '../adapters/spool/open-spool.ts';
import type { Ledger, Spool } from '../flow/ports/spool.ts';

export interface Gateway {
  /** `host:port` of each listener that is on. */
  readonly addresses: {
    readonly http: string;
    readonly smtp: string | null;
    readonly lmtp: string | null;
    readonly metrics: string | null;
  };
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  /** Closes the doors, finishes the work in progress, then closes everything else. */
  stop(): Promise<void>;
}

const PRUNE_INTERVAL_MS = HOUR;

/** Rejects with a GatewayError if something cannot be opened; then nothing stays open. */
export async function startGateway(config: Config, log: Log, now: () => number = Date.now): Promise<Gateway> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) {
      // An error must not leave the rest open; the spool is closed last.
      await Promise.resolve()
        .then(close)
        .catch((error: unknown) => log.error({ err: error }, 'a part of the gateway could not be closed'));
    }
  };
  try {
    return { ...(await open(config, log, now, (close) => closing.push(close))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(config: Config, log: Log, now: () => number, onStop: OnStop): Promise<Omit<Gateway, 'stop'>> {
  const templates = await readSettingFiles(config);
  const { spool, ledger } = await openSpool({ url: config.databaseUrl, log, now });
  onStop(() => spool.close());
  const outcomes = makeOutcomes(log);
  const metrics = openMetrics({ outcomes, spool, version: readVersion(), now });
  onStop(() => metrics.close());
  const shared = {
    spool,
    ledger,
    outcomes,
    makeId: makeIds(),
    now,
    timezone: config.displayTimezone,
    writeBatching: writeBatching(now),
  };
  const priority = requestPriority();
  const { store, expand } = await startQueues(config, log, onStop, { ...shared, priority, metrics, templates });
  const listeners = new Map<string, HostPort>();
  const { countReceived } = metrics;
  const rsvp = { ...shared, store, expand, guestList: config.showGuestList };
  const useCases: UseCases = {
    receiveCallback: countReceived(
      'callback',
      priority.serve(async (request) => void (await receiveCallback(shared, request))),
    ),
    showRsvp: (claims) => showRsvp(rsvp, claims),
    answerRsvp: countReceived('web', (claims, answer) => answerRsvp(rsvp, claims, answer)),
    readDecision: (claims) => readDecision({ ...shared, store }, claims),
    decideHeld: (claims, choice) => decideAndWait({ ...shared, store }, claims, choice),
    ready: makeReadinessCheck({ probe: () => spool.probe(), listeners, now }),
  };
  const receive = countReceived(
    (mail) => mail.peer.door,
    async (mail: ReceivedMail) => void (await receiveMail(shared, mail)),
  );
  for (const kind of ['smtp', 'lmtp'] as const) {
    const listen = kind === 'smtp' ? config.smtpListen : config.lmtpListen;
    if (listen === null) continue;
    const door = await openMailDoor({ kind, ...listen, ...mailDoorOptions(config), receive, now, log });
    onStop(() => door.close(DRAIN_MS));
    listeners.set(kind, door.address);
  }
  if (config.metricsListen !== null) {
    const listener = await openMetricsListener({ ...config.metricsListen, registry: metrics.registry, log });
    onStop(() => listener.close());
    listeners.set('metrics', listener.address);
  }
  const http = await openHttp({
    ...config.httpListen,
    useCases,
    ring: config.secrets,
    templates,
    defaultLanguage: config.defaultLanguage,
    displayTimezone: config.displayTimezone,
    inboundApiKey: config.caldavInboundApiKey,
    appUrl: config.appUrl,
    now,
    log,
  });
  onStop(() => http.close(DRAIN_MS));
  listeners.set('http', http.address);
  const expiryNow = clockThatNeverJumpsAhead(now);
  const pruning = setInterval(() => {
    const at = expiryNow();
    void pruneRecords(config, spool, at, log);
    const warn = (error: unknown): void => log.warn({ err: error }, 'questions could not be expired');
    void expireQuestions(spool, at).catch(warn);
  }, PRUNE_INTERVAL_MS).unref();
  onStop(() => clearInterval(pruning));
  const addressOf = (name: string): string | null => {
    const address = listeners.get(name);
    return address === undefined ? null : formatAddress(address);
  };
  const addresses = { smtp: addressOf('smtp'), lmtp: addressOf('lmtp'), metrics: addressOf('metrics') };
  return { addresses: { http: formatAddress(http.address), ...addresses }, spool, ledger, outcomes };
}

/**
 * Returns a clock that ignores forward jumps of the system clock while the gateway runs. Otherwise records would be deleted
 * too early, which cannot be undone.
 */
export function clockThatNeverJumpsAhead(now: () => number): () => number {
  const origin = now() - performance.now();
  return () => Math.min(now(), origin + performance.now());
}

/** Deletes what is older than the settings allow. If the disk fails, the next call tries again an hour later. */
export async function pruneRecords(
  { retainMailDays, retainLedgerDays }: Pick<Config, 'retainMailDays' | 'retainLedgerDays'>,
  spool: Pick<Spool, 'prune'>,
  now: number,
  log: Log,
): Promise<void> {
  await spool.prune(now - retainMailDays * DAY, now - retainLedgerDays * DAY).then(
    (pruned) => log.debug({ pruned }, 'old records pruned'),
    (error: unknown) => log.warn({ err: error }, 'old records could not be pruned'),
  );
}

function formatAddress({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Makes a signing key for GATEWAY_SECRETS. */
export function makeSecret(): string {
  return `k${randomBytes(2).toString('hex')}:${randomBytes(32).toString('base64')}`;
}
