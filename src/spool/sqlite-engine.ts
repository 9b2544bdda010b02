// The main thread's side of the SQLite worker: hands calls over and settles them. Bytes to be kept are copied once, and
// that copy changes hands; the caller's own bytes stay as they are.
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors.ts';
import type { Engine } from './engine-spool.ts';
import type { Arguments, OperationName, Result } from './operations.ts';
import { queueNames } from './queue-queries.ts';
import type { Failure, FromWorker, ToWorker, WorkerOptions } from './sqlite-worker.ts';
import type { Changes, NewTask, QueueName } from './types.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: GatewayError): void;
}

/** Throws `spool-unavailable` where the file cannot be written or another gateway holds it. */
export async function openSqlite(options: WorkerOptions): Promise<Engine> {
  const worker = startWorker(options);
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const waiting = new Map<number, Waiting>();
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
  await opened(worker);
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'foreign') foreign?.(queueNames);
    if (message.kind !== 'answers') return;
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
        const { handed, transfer } = handOver(args);
        worker.postMessage({ kind: 'run', id, name, args: handed } satisfies ToWorker, transfer);
      });
    },
    announce: () => {},
    onForeignWork(listener) {
      foreign = listener;
    },
    async close() {
      worker.postMessage({ kind: 'close' } satisfies ToWorker, []);
      await gone;
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

/** The arguments with the bytes of their tasks copied into buffers of their own. */
function handOver(args: readonly unknown[]): { handed: readonly unknown[]; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const copied = (tasks: readonly NewTask[]): NewTask[] =>
    tasks.map((task) => {
      if (task.raw === null) return task;
      const raw = new Uint8Array(task.raw);
      transfer.push(raw.buffer);
      return { ...task, raw };
    });
  const handed = args.map((argument) => {
    if (Array.isArray(argument) && argument[0]?.raw !== undefined) return copied(argument as NewTask[]);
    const { add } = (argument ?? {}) as Changes;
    return add ? { ...(argument as Changes), add: copied(add) } : argument;
  });
  return { handed, transfer };
}

function revive({ code, message, temporary }: Failure): GatewayError {
  return new GatewayError(code, message, { temporary });
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('spool-unavailable', message, { temporary: true, cause });
}
