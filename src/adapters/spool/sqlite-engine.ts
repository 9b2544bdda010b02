// The main thread's side of the SQLite worker: hands calls over and settles them. Bytes to be kept are copied once, and
// that copy changes hands; the caller's own bytes stay as they are.
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../core/errors.ts';
import type { Engine } from './engine.ts';
import type { Arguments, OperationName, Result } from './operations.ts';
import { queueNames } from './queue-queries.ts';
import type { Call, Failure, FromWorker, ToWorker, WorkerOptions } from './sqlite-worker.ts';
import type { Changes, NewTask, QueueName } from '../../flow/ports/spool.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: GatewayError): void;
}

/** Groups on their way to the disk at a time: the thread has one to go on with while we settle the other. */
const groupsUnderWay = 2;

/** Throws `spool-unavailable` where the file cannot be written or another gateway holds it. */
export async function openSqlite(options: WorkerOptions): Promise<Engine> {
  const worker = startWorker(options);
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await opened(worker);
  const waiting = new Map<number, Waiting>();
  const send = gatherCalls(worker);
  let foreign: ((queues: Iterable<QueueName>) => void) | null = null;
  let lost: GatewayError | null = null;
  let calls = 0;

  const lose = (error: GatewayError): void => {
    lost ??= error;
    for (const { reject } of waiting.values()) reject(lost);
    waiting.clear();
  };
  worker.on('error', (cause) => lose(unavailable(`the database thread failed: ${cause.message}`, cause)));
  void gone.then(() => lose(unavailable('the database is closed')));
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'foreign') foreign?.(queueNames);
    if (message.kind !== 'answers') return;
    send.answered();
    for (const answer of message.answers) {
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('failure' in answer) call?.reject(revive(answer.failure));
      else call?.resolve(answer.value);
    }
  });

  return {
    run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>> {
      return new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        const id = (calls += 1);
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        send.add({ id, name, args });
      });
    },
    announce: () => {},
    onForeignWork(listener) {
      foreign = listener;
    },
    async close() {
      send.close();
      await gone;
    },
  };
}

/** Calls go to the thread in groups: those of one turn, and while it is busy all that come. */
function gatherCalls(worker: Worker): { add(call: Call): void; answered(): void; close(): void } {
  let calls: Call[] = [];
  let transfer: ArrayBuffer[] = [];
  let underWay = 0;
  const flush = (): void => {
    if (calls.length === 0 || underWay >= groupsUnderWay) return;
    underWay += 1;
    worker.postMessage({ kind: 'run', calls } satisfies ToWorker, transfer);
    calls = [];
    transfer = [];
  };
  return {
    add({ id, name, args }) {
      if (calls.push({ id, name, args: args.map((argument) => handOver(argument, transfer)) }) === 1)
        setImmediate(flush);
    },
    answered() {
      underWay -= 1;
      flush();
    },
    close() {
      underWay = 0;
      flush();
      worker.postMessage({ kind: 'close' } satisfies ToWorker, []);
    },
  };
}

/** Run from source, the thread first needs a loader for TypeScript; built, it is a plain module. */
function startWorker(workerData: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData });
  const module = JSON.stringify(new URL('./sqlite-worker.ts', import.meta.url));
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import(${module}); })`;
  return new Worker(start, { eval: true, workerData });
}

function opened(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'failed') reject(revive(message.failure));
      else resolve();
    });
    worker.once('error', (cause) => reject(unavailable(`the database thread failed: ${cause.message}`, cause)));
  });
}

/** An argument with the bytes of its tasks copied into buffers of their own, which are added to `transfer`. */
function handOver(argument: unknown, transfer: ArrayBuffer[]): unknown {
  const copied = (tasks: readonly NewTask[]): NewTask[] =>
    tasks.map((task) => {
      if (task.raw === null) return task;
      const raw = new Uint8Array(task.raw);
      transfer.push(raw.buffer);
      return { ...task, raw };
    });
  if (Array.isArray(argument) && argument[0]?.raw !== undefined) return copied(argument as NewTask[]);
  const { add } = (argument ?? {}) as Changes;
  return add ? { ...(argument as Changes), add: copied(add) } : argument;
}

function revive({ code, message, temporary }: Failure): GatewayError {
  return new GatewayError(code, message, { temporary });
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('spool-unavailable', message, { temporary: true, cause });
}
