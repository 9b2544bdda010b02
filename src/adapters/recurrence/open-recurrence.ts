// Expands untrusted recurrence sets in a pool of worker threads. In: an OccurrenceQuery; out: its OccurrenceAnswer. Workers
// are started in advance, limited in memory, and terminated when a query takes too long. It refuses that query with
// `too-expensive`; after three such queries in a row, it refuses the same calendar at once. Other queries are not affected.
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../core/errors.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';
import type { Recurrence } from '../../flow/ports/recurrence.ts';
import type { Job, WorkerReport } from './occurrence-worker.ts';

export interface RecurrenceOptions {
  readonly workers?: number;
  /** Milliseconds of work that one query may take, counted from when a worker starts it. */
  readonly timeLimit?: number;
  readonly maxOccurrences?: number;
}

interface Pending {
  /** Digest of the calendar. */
  readonly key: string;
  readonly query: OccurrenceQuery;
  readonly resolve: (answer: OccurrenceAnswer) => void;
  readonly reject: (error: GatewayError) => void;
}

interface Slot {
  readonly worker: Worker;
  ready: boolean;
  job: Pending | null;
  timer: NodeJS.Timeout | null;
  /** Its query takes longer than those of honest calendars, so an additional worker is started. */
  slow: boolean;
}

/** Multiples of the time limit: after the first a query is slow, after the second it ends even on an overloaded machine. */
const SLOW_AFTER = 0.2;
const MAX_WALL_TIME = 20;
/** The maximum number of workers, as a multiple of the normal number. */
const MAX_WORKERS = 3;
const MAX_STRIKES = 3;
const MAX_STRIKE_ENTRIES = 1000;
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** Starts the worker from TypeScript source (in tests, where tsx must be registered in the thread) or from the build. */
function startWorker(): Worker {
  const source = new URL('./occurrence-worker.ts', import.meta.url).href;
  return import.meta.url.endsWith('.ts')
    ? new Worker(
        `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(source)}); })`,
        {
          eval: true,
          resourceLimits: LIMITS,
        },
      )
    : new Worker(new URL('./occurrence-worker.js', import.meta.url), { resourceLimits: LIMITS });
}

export function openRecurrence(options: RecurrenceOptions = {}): Recurrence {
  return new RecurrencePool(options.workers ?? 2, options.timeLimit ?? 250, options.maxOccurrences ?? 3000);
}

class RecurrencePool implements Recurrence {
  readonly #size: number;
  readonly #timeLimit: number;
  readonly #maxOccurrences: number;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Pending[] = [];
  /** By calendar: how many of its queries in a row were so expensive that their worker ended. */
  readonly #strikes = new Map<string, number>();
  #closed = false;

  constructor(size: number, timeLimit: number, maxOccurrences: number) {
    this.#size = size;
    this.#timeLimit = timeLimit;
    this.#maxOccurrences = maxOccurrences;
    this.#startMissingWorkers();
  }

  expand(query: OccurrenceQuery): Promise<OccurrenceAnswer> {
    if (this.#closed) return Promise.reject(new GatewayError('internal', 'recurrence is closed'));
    const key = createHash('sha256').update(query.calendar).digest('base64');
    if ((this.#strikes.get(key) ?? 0) >= MAX_STRIKES) return Promise.resolve({ kind: 'too-expensive' });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, query, resolve, reject });
      this.#startMissingWorkers();
      this.#assign();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const slots = [...this.#slots];
    this.#slots.clear();
    this.#failAll([...slots.flatMap((slot) => slot.job ?? []), ...this.#waiting.splice(0)]);
    for (const { timer } of slots) if (timer) clearTimeout(timer);
    await Promise.all(slots.map(({ worker }) => worker.terminate()));
  }

  /** Starts workers until enough are not slow or the maximum is reached. */
  #startMissingWorkers(): void {
    while (!this.#closed && this.#countFast() < this.#size && this.#slots.size < this.#size * MAX_WORKERS)
      this.#start();
  }

  #countFast(): number {
    return [...this.#slots].filter(({ slow }) => !slow).length;
  }

  #start(): void {
    const worker = startWorker();
    const slot: Slot = { worker, ready: false, job: null, timer: null, slow: false };
    this.#slots.add(slot);
    worker.on('message', (report: WorkerReport) => this.#handleReport(slot, report));
    // The worker is out of memory or has a bug. `exit` follows in both cases.
    worker.on('error', () => {});
    worker.on('exit', () => this.#handleExit(slot));
  }

  #assign(): void {
    for (const slot of this.#slots) {
      if (!slot.ready || slot.job) continue;
      const next = this.#waiting.shift();
      if (!next) return;
      slot.job = next;
      slot.worker.ref();
      const job: Job = { query: next.query, maxOccurrences: this.#maxOccurrences };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      slot.worker.postMessage(job);
    }
  }

  #handleReport(slot: Slot, report: WorkerReport): void {
    if (report === 'ready') this.#markReady(slot);
    else if (report === 'begun') this.#watchTime(slot, performance.now(), cpuTime(), this.#timeLimit * SLOW_AFTER);
    else {
      this.#finish(slot, report, false);
      if (this.#countFast() > this.#size) this.#stopSurplusWorker(slot);
    }
    this.#assign();
  }

  /** Unreferences the worker, so that idle workers do not keep the process alive. */
  #markReady(slot: Slot): void {
    slot.ready = true;
    slot.worker.unref();
  }

  /**
   * Ends a query when its estimated CPU time exceeds the limit: the CPU time of this process, divided by the number of
   * working threads. Wall-clock time ends it only after `MAX_WALL_TIME`, because on a busy machine the worker may not have run.
   */
  #watchTime(slot: Slot, startedAt: number, cpuAtStart: number, delay: number): void {
    slot.timer = setTimeout(() => {
      const working = [...this.#slots].filter(({ job }) => job !== null).length;
      const left = this.#timeLimit - (cpuTime() - cpuAtStart) / Math.max(working, 1);
      const mayBeStarved = performance.now() - startedAt < this.#timeLimit * MAX_WALL_TIME;
      if (left <= 0 || !mayBeStarved) return this.#expire(slot);
      slot.slow = true;
      this.#startMissingWorkers();
      this.#watchTime(slot, startedAt, cpuAtStart, Math.max(left, 10));
    }, delay);
  }

  /** `setImmediate` runs after the event of an answer that has already arrived, so that such an answer still counts. */
  #expire(slot: Slot): void {
    const job = slot.job;
    setImmediate(() => {
      if (job === null || slot.job !== job || !this.#slots.delete(slot)) return;
      this.#finish(slot, { kind: 'too-expensive' }, true);
      void slot.worker.terminate();
      this.#startMissingWorkers();
    });
  }

  /**
   * Handles a worker that ended by itself. Its query was too expensive. A worker that dies during start-up is not
   * restarted.
   */
  #handleExit(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    this.#finish(slot, { kind: 'too-expensive' }, true);
    if (slot.ready) this.#startMissingWorkers();
    else if (this.#slots.size === 0) this.#failAll(this.#waiting.splice(0));
  }

  #finish(slot: Slot, answer: OccurrenceAnswer, workerEnded: boolean): void {
    if (slot.timer) clearTimeout(slot.timer);
    slot.timer = null;
    if (slot.job) this.#recordStrike(slot.job.key, workerEnded);
    slot.job?.resolve(answer);
    slot.job = null;
    slot.slow = false;
    slot.worker.unref();
  }

  /** Stops one worker after a slow one has finished: one that is still starting if there is one, else that slow one. */
  #stopSurplusWorker(slot: Slot): void {
    const surplus = [...this.#slots].find(({ ready }) => !ready) ?? slot;
    this.#slots.delete(surplus);
    void surplus.worker.terminate();
  }

  #recordStrike(key: string, workerEnded: boolean): void {
    const strikes = this.#strikes.get(key) ?? 0;
    this.#strikes.delete(key);
    if (!workerEnded) return;
    this.#strikes.set(key, strikes + 1);
    const [oldest] = this.#strikes.keys();
    if (this.#strikes.size > MAX_STRIKE_ENTRIES && oldest !== undefined) this.#strikes.delete(oldest);
  }

  #failAll(pending: readonly Pending[]): void {
    for (const { reject } of pending)
      reject(new GatewayError('internal', 'no recurrence worker is available', { temporary: true }));
  }
}

/** CPU time of all threads of this process, in milliseconds. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
