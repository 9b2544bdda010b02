// The main thread's side of the SQLite worker. In: calls of operations; out: their results. Calls are sent to the worker in
// groups. Bytes to be stored are copied once and the copy is transferred, so that the caller's buffer stays usable. It
// refuses calls once the worker has failed or exited.
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../core/errors.ts';
import type { Engine } from './engine.ts';
import type { Arguments, OperationName, Result } from './operations.ts';
import type { Call, Failure, FromWorker, ToWorker, WorkerOptions } from './sqlite-worker.ts';
import { type Changes, type NewTask, type QueueName, QUEUES } from '../../flow/ports/spool.ts';

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: GatewayError): void;
}

/** With two groups, the worker executes one while the main thread settles the results of the other. */
const maxGroupsInFlight = 2;

/** Throws `spool-unavailable` if the file cannot be written or another gateway holds it. */
export async function openSqlite(options: WorkerOptions): Promise<Engine> {
  const worker = startWorker(options);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await waitUntilOpen(worker);
  const pending = new Map<number, PendingCall>();
  const send = batchCalls(worker);
  let onWork: ((queues: Iterable<QueueName>) => void) | null = null;
  let fatalError: GatewayError | null = null;
  let calls = 0;

  const failAllCalls = (error: GatewayError): void => {
    fatalError ??= error;
    for (const { reject } of pending.values()) reject(fatalError);
    pending.clear();
  };
  worker.on('error', (cause) => failAllCalls(unavailable(`the database thread failed: ${cause.message}`, cause)));
  void exited.then(() => failAllCalls(unavailable('the database is closed')));
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'external-write') onWork?.(QUEUES);
    if (message.kind !== 'results') return;
    send.completed();
    for (const result of message.results) {
      const call = pending.get(result.id);
      pending.delete(result.id);
      if ('failure' in result) call?.reject(toError(result.failure));
      else call?.resolve(result.value);
    }
  });

  return {
    run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>> {
      return new Promise((resolve, reject) => {
        if (fatalError) return reject(fatalError);
        const id = (calls += 1);
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        send.add({ id, name, args });
      });
    },
    announce: () => {},
    onExternalWork(listener) {
      onWork = listener;
    },
    async close() {
      send.close();
      await exited;
    },
  };
}

/** Sends calls in groups: the calls of one turn of the event loop, or all calls that arrive while the worker is busy. */
function batchCalls(worker: Worker): { add(call: Call): void; completed(): void; close(): void } {
  let calls: Call[] = [];
  let transfer: ArrayBuffer[] = [];
  let inFlight = 0;
  const flush = (): void => {
    if (calls.length === 0 || inFlight >= maxGroupsInFlight) return;
    inFlight += 1;
    worker.postMessage({ kind: 'run', calls } satisfies ToWorker, transfer);
    calls = [];
    transfer = [];
  };
  return {
    add({ id, name, args }) {
      if (calls.push({ id, name, args: args.map((argument) => copyBytes(argument, transfer)) }) === 1)
        setImmediate(flush);
    },
    completed() {
      inFlight -= 1;
      flush();
    },
    close() {
      inFlight = 0;
      flush();
      worker.postMessage({ kind: 'close' } satisfies ToWorker, []);
    },
  };
}

/** Starts the worker. From source, the thread must register a TypeScript loader first; the build has a plain module. */
function startWorker(workerData: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData });
  const module = JSON.stringify(new URL('./sqlite-worker.ts', import.meta.url));
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import(${module}); })`;
  return new Worker(start, { eval: true, workerData });
}

function waitUntilOpen(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'failed') reject(toError(message.failure));
      else resolve();
    });
    worker.once('error', (cause) => reject(unavailable(`the database thread failed: ${cause.message}`, cause)));
  });
}

/** Returns the argument with its tasks' bytes copied into new buffers, and adds these buffers to `transfer`. */
function copyBytes(argument: unknown, transfer: ArrayBuffer[]): unknown {
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

function toError({ code, message, temporary }: Failure): GatewayError {
  return new GatewayError(code, message, { temporary });
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('spool-unavailable', message, { temporary: true, cause });
}
