// The figures of one gateway. In: outcomes, spool; and what it wraps: the doors' calls, the calendar store, the submission.
// Out: a registry for Prometheus. Labels are names from our own code and the servers of the settings, never addresses, so that their number stays small.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isReason } from '../../core/reasons.ts';
import type { BreakerState, CalendarStore } from '../../flow/ports/calendar-store.ts';
import type { LedgerEntry, QueueStatus, Spool } from '../../flow/ports/spool.ts';
import type { Submission } from '../../flow/ports/submission.ts';
import { measureStore } from './measure-store.ts';
import { measureSubmission } from './measure-submission.ts';

export interface MetricsOptions {
  readonly outcomes: { listen(listener: (entry: LedgerEntry) => void): () => void };
  readonly spool: Pick<Spool, 'status'>;
  readonly now: () => number;
}

export interface Metrics {
  readonly registry: Registry;
  /** The same function, counting what it took in: a record counts once it is on disk. */
  countReceived<A extends readonly unknown[], R>(
    door: string | ((...args: NoInfer<A>) => string),
    receive: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R>;
  measureStore(store: CalendarStore): CalendarStore;
  /** A CalDAV server (origin) whose breaker went into that state. */
  showBreaker(backEnd: string, state: BreakerState): void;
  measureSubmission(submission: Submission): Submission;
  /** Hears no more outcomes. */
  close(): void;
}

/** Seconds: a local server answers in the first, a time-out lies in the last. */
const LATENCIES = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function openMetrics({ outcomes, spool, now }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const received = new Counter({
    name: 'imip_received_total',
    help: 'Records on disk, by the door they came in through',
    labelNames: ['door'],
    registers,
  });
  const decided = new Counter({
    name: 'imip_outcomes_total',
    help: 'What became of them, and why, as the ledger says it',
    labelNames: ['verdict', 'reason'],
    registers,
  });
  const store = new Histogram({
    name: 'imip_caldav_seconds',
    help: 'Time that the CalDAV server took, by operation and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: LATENCIES,
    registers,
  });
  const submission = new Histogram({
    name: 'imip_submission_seconds',
    help: 'Time that the relay took for one mail, by its verdict',
    labelNames: ['verdict'],
    buckets: LATENCIES,
    registers,
  });
  const breakers = new Gauge({
    name: 'imip_caldav_breaker_open',
    help: '1 while a CalDAV server that was away or silent is asked only now and then',
    labelNames: ['back_end'],
    registers,
  });
  for (const gauge of queueGauges(spool, now)) registry.registerMetric(gauge);
  const stopListening = outcomes.listen(({ verdict, reason }) => decided.inc({ verdict, reason: asLabel(reason) }));
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
    showBreaker: (backEnd, state) => breakers.set({ back_end: backEnd }, state === 'closed' ? 0 : 1),
    measureSubmission: (inner) => measureSubmission(inner, submission),
    close: stopListening,
  };
}

/** Asked when they are scraped; a spool that cannot say leaves no old figure standing. */
function queueGauges(spool: Pick<Spool, 'status'>, now: () => number): Gauge[] {
  let asked: Promise<QueueStatus[]> | null = null;
  const status = (): Promise<QueueStatus[]> => {
    asked ??= spool.status().finally(() => {
      asked = null;
    });
    return asked.catch(() => []);
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
    help: 'Age of the oldest waiting task of each queue; 0 where none waits',
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

/** A task that another version of the gateway wrote may carry another word: it must not make a time series of each. */
function asLabel(reason: string): string {
  return isReason(reason) ? reason : 'other';
}
