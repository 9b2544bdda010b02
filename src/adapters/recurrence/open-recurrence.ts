// Occurrences of an untrusted recurrence set: an OccurrenceQuery comes in, its OccurrenceAnswer goes out. The work is
// done by worker threads that are kept warm, limited in memory, and killed when one query takes too long; that query is
// answered `too-expensive`, all others wait for another worker or the new one, unhurt. A calendar that was too much
// several times in a row is not tried again.
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../core/errors.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';
import type { Recurrence } from '../../flow/ports/recurrence.ts';
import type { Job, WorkerReport } from './occurrence-worker.ts';

export interface RecurrenceOptions {
  readonly workers?: number;
  /** What one query may take of work, in milliseconds, counted from when a worker takes it up. */
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
  /** Its query takes longer than honest ones do: another worker stands in for it. */
  slow: boolean;
}

/** In parts and multiples of the time limit: when a query is slow, and when it has had its time on any machine. */
const HONEST = 0.2;
const MAX_STARVED = 20;
/** Workers at most, in multiples of how many there should be. */
const MAX_SLOW = 3;
const MAX_STRIKES = 3;
const MAX_REMEMBERED = 1000;
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** The same worker as TypeScript source (tests; tsx must be registered inside of the thread) and as built. */
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
  /** How many workers a calendar has cost, since it last cost none. */
  readonly #strikes = new Map<string, number>();
  #closed = false;

  constructor(size: number, timeLimit: number, maxOccurrences: number) {
    this.#size = size;
    this.#timeLimit = timeLimit;
    this.#maxOccurrences = maxOccurrences;
    this.#fill();
  }

  expand(query: OccurrenceQuery): Promise<OccurrenceAnswer> {
    if (this.#closed) return Promise.reject(new GatewayError('internal', 'recurrence is closed'));
    const key = createHash('sha256').update(query.calendar).digest('base64');
    if ((this.#strikes.get(key) ?? 0) >= MAX_STRIKES) return Promise.resolve({ kind: 'too-expensive' });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, query, resolve, reject });
      this.#fill();
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

  /** As many workers as there should be, and another for each that is slow, up to a limit. */
  #fill(): void {
    while (!this.#closed && this.#quick() < this.#size && this.#slots.size < this.#size * MAX_SLOW) this.#start();
  }

  #quick(): number {
    return [...this.#slots].filter(({ slow }) => !slow).length;
  }

  #start(): void {
    const worker = startWorker();
    const slot: Slot = { worker, ready: false, job: null, timer: null, slow: false };
    this.#slots.add(slot);
    worker.on('message', (report: WorkerReport) => this.#hear(slot, report));
    // Out of memory, or a fault of ours: `exit` follows either way.
    worker.on('error', () => {});
    worker.on('exit', () => this.#lose(slot));
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

  #hear(slot: Slot, report: WorkerReport): void {
    if (report === 'ready') this.#welcome(slot);
    else if (report === 'begun') this.#watch(slot, performance.now(), processTime(), this.#timeLimit * HONEST);
    else {
      this.#settle(slot, report, false);
      if (this.#quick() > this.#size) this.#dismissOneOf(slot);
    }
    this.#assign();
  }

  /** Idle workers do not keep the process alive. */
  #welcome(slot: Slot): void {
    slot.ready = true;
    slot.worker.unref();
  }

  /**
   * On a machine that is busy with others a worker may not have worked at all: while the share of the processors that
   * this process had is less than one query may take, the query has not had that either.
   */
  #watch(slot: Slot, since: number, timeSince: number, delay: number): void {
    slot.timer = setTimeout(() => {
      const working = [...this.#slots].filter(({ job }) => job !== null).length;
      const left = this.#timeLimit - (processTime() - timeSince) / Math.max(working, 1);
      const starved = performance.now() - since < this.#timeLimit * MAX_STARVED;
      if (left <= 0 || !starved) return this.#expire(slot);
      slot.slow = true;
      this.#fill();
      this.#watch(slot, since, timeSince, Math.max(left, 10));
    }, delay);
  }

  /** An answer that is here already, behind a busy event loop, still counts: it is heard before `setImmediate`. */
  #expire(slot: Slot): void {
    const job = slot.job;
    setImmediate(() => {
      if (job === null || slot.job !== job || !this.#slots.delete(slot)) return;
      this.#settle(slot, { kind: 'too-expensive' }, true);
      void slot.worker.terminate();
      this.#fill();
    });
  }

  /** The worker ended by itself: with a query, that query was too much for it; before it could work, none ever will. */
  #lose(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    this.#settle(slot, { kind: 'too-expensive' }, true);
    if (slot.ready) this.#fill();
    else if (this.#slots.size === 0) this.#failAll(this.#waiting.splice(0));
  }

  #settle(slot: Slot, answer: OccurrenceAnswer, workerLost: boolean): void {
    if (slot.timer) clearTimeout(slot.timer);
    slot.timer = null;
    if (slot.job) this.#remember(slot.job.key, workerLost);
    slot.job?.resolve(answer);
    slot.job = null;
    slot.slow = false;
    slot.worker.unref();
  }

  /** The slow one came back and its stand-in is one too many: whichever of them is still starting, else the slow one. */
  #dismissOneOf(slot: Slot): void {
    const leaving = [...this.#slots].find(({ ready }) => !ready) ?? slot;
    this.#slots.delete(leaving);
    void leaving.worker.terminate();
  }

  #remember(key: string, workerLost: boolean): void {
    const strikes = this.#strikes.get(key) ?? 0;
    this.#strikes.delete(key);
    if (!workerLost) return;
    this.#strikes.set(key, strikes + 1);
    const [oldest] = this.#strikes.keys();
    if (this.#strikes.size > MAX_REMEMBERED && oldest !== undefined) this.#strikes.delete(oldest);
  }

  #failAll(pending: readonly Pending[]): void {
    for (const { reject } of pending) reject(new GatewayError('internal', 'no recurrence worker', { temporary: true }));
  }
}

/** Processor time of all threads of this process, in milliseconds. */
function processTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
