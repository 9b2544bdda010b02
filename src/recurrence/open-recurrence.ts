// Occurrences of an untrusted recurrence set: an OccurrenceQuery comes in, its OccurrenceAnswer goes out. The work is
// done by worker threads that are kept warm, limited in memory, and killed when one query takes too long; that query is
// answered `too-expensive`, all others wait for another worker or the new one, unhurt.
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from '../itip/types.ts';
import type { Job, WorkerReport } from './occurrence-worker.ts';

export interface Recurrence {
  /** Throws GatewayError `internal` where no worker can be started, or after `close`. */
  expand(query: OccurrenceQuery): Promise<OccurrenceAnswer>;
  close(): Promise<void>;
}

export interface RecurrenceOptions {
  readonly workers?: number;
  /** What one query may take, in milliseconds, counted from when a worker takes it up. */
  readonly timeLimit?: number;
  readonly maxOccurrences?: number;
}

interface Pending {
  readonly query: OccurrenceQuery;
  readonly resolve: (answer: OccurrenceAnswer) => void;
  readonly reject: (error: GatewayError) => void;
}

interface Slot {
  readonly worker: Worker;
  ready: boolean;
  job: Pending | null;
  timer: NodeJS.Timeout | null;
}

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
  #closed = false;

  constructor(size: number, timeLimit: number, maxOccurrences: number) {
    this.#size = size;
    this.#timeLimit = timeLimit;
    this.#maxOccurrences = maxOccurrences;
    this.#fill();
  }

  expand(query: OccurrenceQuery): Promise<OccurrenceAnswer> {
    if (this.#closed) return Promise.reject(new GatewayError('internal', 'recurrence is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ query, resolve, reject });
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

  #fill(): void {
    while (!this.#closed && this.#slots.size < this.#size) this.#start();
  }

  #start(): void {
    const worker = startWorker();
    const slot: Slot = { worker, ready: false, job: null, timer: null };
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
    else if (report === 'begun') slot.timer = setTimeout(() => this.#expire(slot), this.#timeLimit);
    else this.#settle(slot, report);
    this.#assign();
  }

  /** Idle workers do not keep the process alive. */
  #welcome(slot: Slot): void {
    slot.ready = true;
    slot.worker.unref();
  }

  /** An answer that is here already, behind a busy event loop, still counts: it is heard before `setImmediate`. */
  #expire(slot: Slot): void {
    const job = slot.job;
    setImmediate(() => {
      if (job === null || slot.job !== job || !this.#slots.delete(slot)) return;
      this.#settle(slot, { kind: 'too-expensive' });
      void slot.worker.terminate();
      this.#fill();
    });
  }

  /** The worker ended by itself: with a query, that query was too much for it; before it could work, none ever will. */
  #lose(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    this.#settle(slot, { kind: 'too-expensive' });
    if (slot.ready) this.#fill();
    else if (this.#slots.size === 0) this.#failAll(this.#waiting.splice(0));
  }

  #settle(slot: Slot, answer: OccurrenceAnswer): void {
    if (slot.timer) clearTimeout(slot.timer);
    slot.timer = null;
    slot.job?.resolve(answer);
    slot.job = null;
    slot.worker.unref();
  }

  #failAll(pending: readonly Pending[]): void {
    for (const { reject } of pending) reject(new GatewayError('internal', 'no recurrence worker', { temporary: true }));
  }
}
