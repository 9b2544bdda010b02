// The metrics of one gateway. In: outcomes, the spool, and the functions and adapters that it wraps; out: a registry for
// Prometheus. It refuses labels from outside: labels are names from our own code and the configured servers, never mail
// addresses, so that the number of time series stays small.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isReason } from '../../core/reasons.ts';
import type { BreakerState, CalendarStore } from '../../flow/ports/calendar-store.ts';
import type { LedgerEntry, QueueStatus, Spool } from '../../flow/ports/spool.ts';
import type { Submission } from '../../flow/ports/submission.ts';
import { measureStore } from './measure-store.ts';
import { measureSubmission } from './measure-submission.ts';

export interface MetricsOptions {
  readonly outcomes: { subscribe(listener: (entry: LedgerEntry) => void): () => void };
  readonly spool: Pick<Spool, 'status'>;
  /** Of the gateway. */
  readonly version: string;
  readonly now: () => number;
}

export interface Metrics {
  readonly registry: Registry;
  /** Wraps the function and counts its successful calls, because a record counts only when it is on disk. */
  countReceived<A extends readonly unknown[], R>(
    door: string | ((...args: NoInfer<A>) => string),
    receive: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R>;
  measureStore(store: CalendarStore): CalendarStore;
  /** Sets the state of the circuit breaker of a CalDAV server (origin). */
  setBreakerState(backEnd: string, state: BreakerState): void;
  measureSubmission(submission: Submission): Submission;
  /** Stops counting outcomes. */
  close(): void;
}

/** In seconds, from the latency of a local server to a time-out. */
const LATENCIES = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function openMetrics({ outcomes, spool, version, now }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'imip_build_info',
    help: 'Always 1; the label is the version of the gateway',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const received = new Counter({
    name: 'imip_received_total',
    help: 'Records stored on disk, by the door that received them',
    labelNames: ['door'],
    registers,
  });
  const decided = new Counter({
    name: 'imip_outcomes_total',
    help: 'Ledger entries written, by verdict and reason',
    labelNames: ['verdict', 'reason'],
    registers,
  });
  const store = new Histogram({
    name: 'imip_caldav_seconds',
    help: 'Duration of calls to the CalDAV server, by operation and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: LATENCIES,
    registers,
  });
  const submission = new Histogram({
    name: 'imip_submission_seconds',
    help: 'Duration of the submission of one mail to the relay, by verdict',
    labelNames: ['verdict'],
    buckets: LATENCIES,
    registers,
  });
  const breakers = new Gauge({
    name: 'imip_caldav_breaker_open',
    help: '1 while the circuit breaker of a CalDAV server is open or half-open, else 0',
    labelNames: ['back_end'],
    registers,
  });
  for (const gauge of queueGauges(spool, now)) registry.registerMetric(gauge);
  const unsubscribe = outcomes.subscribe(({ verdict, reason }) => decided.inc({ verdict, reason: asLabel(reason) }));
  return {
    registry,
    countReceived:
      (door, receive) =>
      async (...args) => {
        const result = await receive(...args);
        received.inc({ door: typeof door === 'string' ? door : door(...args) });
        return result;
      },
    measureStore: (inner) => measureStore(inner, store),
    setBreakerState: (backEnd, state) => breakers.set({ back_end: backEnd }, state === 'closed' ? 0 : 1),
    measureSubmission: (inner) => measureSubmission(inner, submission),
    close: unsubscribe,
  };
}

/** These gauges read the spool when they are scraped. If the spool fails, they have no values instead of old ones. */
function queueGauges(spool: Pick<Spool, 'status'>, now: () => number): Gauge[] {
  let current: Promise<QueueStatus[]> | null = null;
  const status = (): Promise<QueueStatus[]> => {
    current ??= spool.status().finally(() => {
      current = null;
    });
    return current.catch(() => []);
  };
  const tasks = new Gauge({
    name: 'imip_queue_tasks',
    help: 'Tasks in each queue',
    labelNames: ['queue', 'state'],
    registers: [],
    async collect() {
      const queues = await status();
      this.reset();
      for (const { queue, waiting, held } of queues) {
        this.set({ queue, state: 'waiting' }, waiting);
        this.set({ queue, state: 'held' }, held);
      }
    },
  });
  const oldest = new Gauge({
    name: 'imip_queue_oldest_seconds',
    help: 'Age of the oldest waiting task of each queue, 0 if no task waits',
    labelNames: ['queue'],
    registers: [],
    async collect() {
      const queues = await status();
      this.reset();
      for (const each of queues) {
        this.set({ queue: each.queue }, each.oldest === null ? 0 : Math.max(now() - each.oldest, 0) / 1_000);
      }
    },
  });
  return [tasks, oldest];
}

/** Returns `other` for an unknown reason. A task of another gateway version may have one, and must not add a time series. */
function asLabel(reason: string): string {
  return isReason(reason) ? reason : 'other';
}
