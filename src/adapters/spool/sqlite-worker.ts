// The thread that owns the SQLite file. In: groups of calls; out: their results, sent after the commit. A group shares one
// transaction and one fsync. If one call fails, each call of the group runs in its own transaction, so that only that call
// fails. It refuses to store new work when the disk has less free space than the reserve.
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { GatewayError } from '../../core/errors.ts';
import { assertFreeSpace } from './assert-free-space.ts';
import { type Operation, query, sqliteDialect } from './operation.ts';
import { bindOperations, needsFsync, type OperationName, startOperation, writes } from './operations.ts';
import { freeAllLanes, probe } from './queue-queries.ts';
import { checkVersion, migrate } from './schema.ts';
import { asGatewayError, driver, openFile, type OpenFile } from './sqlite-database.ts';

export interface WorkerOptions {
  readonly path: string;
  readonly exclusive: boolean;
}

export interface Call {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type ToWorker = { readonly kind: 'run'; readonly calls: readonly Call[] } | { readonly kind: 'close' };

export interface Failure {
  readonly code: GatewayError['code'];
  readonly message: string;
  readonly temporary: boolean;
}

export type CallResult =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'results'; readonly results: readonly CallResult[] }
  /** Another process wrote to the file. */
  | { readonly kind: 'external-write' };

const port = parentPort!;
const externalWriteCheckMs = 500;

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function failureOf(error: unknown): Failure {
  const { code, message, temporary } = asGatewayError(error);
  return { code, message, temporary };
}

function serve(file: OpenFile, path: string): void {
  const { database } = file;
  const drive = driver(database);
  const operations = bindOperations(sqliteDialect);
  const step = (sql: string): unknown => drive(query(sql));

  const failAll = (calls: readonly Call[], error: unknown): CallResult[] =>
    calls.map(({ id }) => ({ id, failure: failureOf(error) }));

  let syncsOnCommit = true;
  /** Without fsync, a commit is only written to the log; it reaches the disk with the next commit that has fsync. */
  const setFsync = (wanted: boolean): void => {
    if (wanted !== syncsOnCommit) step(`pragma synchronous = ${wanted ? 'full' : 'normal'}`);
    syncsOnCommit = wanted;
  };

  const runGroup = (calls: readonly Call[]): CallResult[] => {
    try {
      setFsync(calls.some(({ name }) => needsFsync(name)));
      step(calls.some(({ name }) => writes(name)) ? 'begin immediate' : 'begin');
    } catch (error) {
      // Another process holds the file for longer than the busy time-out, so a retry of each call would fail as well.
      return failAll(calls, error);
    }
    try {
      if (calls.some(({ name }) => name === 'put' || name === 'probe')) assertFreeSpace(dirname(path));
      const results = calls.map(({ id, name, args }) => ({ id, value: drive(startOperation(operations, name, args)) }));
      step('commit');
      return results;
    } catch (error) {
      rollBack(step);
      return calls.length === 1 ? failAll(calls, error) : calls.flatMap((call) => runGroup([call]));
    }
  };

  // The first check stores the version that later checks compare with.
  checkExternalWrite(drive);
  const watch = setInterval(() => checkExternalWrite(drive), externalWriteCheckMs);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') {
      const results = runGroup(message.calls);
      send({ kind: 'results', results }, results.flatMap(rawBuffers));
    } else {
      clearInterval(watch);
      file.close();
      port.close();
    }
  });
}

function rollBack(step: (sql: string) => unknown): void {
  try {
    step('rollback');
  } catch {
    // SQLite has already rolled back.
  }
}

/** Returns the buffers of raw mails in a result; they are transferred to the main thread instead of copied. */
function rawBuffers(result: CallResult): ArrayBuffer[] {
  if (!('value' in result) || result.value === null || typeof result.value !== 'object') return [];
  const values: unknown[] = Array.isArray(result.value) ? result.value : [result.value];
  return values.flatMap((value) => {
    const { raw, tasks } = value as { raw?: Uint8Array | null; tasks?: readonly { raw: Uint8Array | null }[] };
    const all = tasks ? tasks.map((task) => task.raw) : [raw];
    return all.flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
  });
}

let seenVersion: unknown;

/** Reports a commit of another process: `data_version` changes with a commit on another connection. */
function checkExternalWrite(drive: <T>(operation: Operation<T>) => T): void {
  try {
    const version = drive(query<{ data_version: number }>('pragma data_version'))[0]?.data_version;
    if (seenVersion !== undefined && seenVersion !== version) send({ kind: 'external-write' });
    seenVersion = version;
  } catch {
    // If the disk fails, the calls themselves report it.
  }
}

function prepare({ database }: OpenFile, exclusive: boolean): void {
  const drive = driver(database);
  database.exec('begin immediate');
  try {
    if (exclusive) {
      drive(migrate(sqliteDialect));
      // Holding the lock proves that the process that held these leases has ended.
      drive(freeAllLanes());
      // SQLite opens a file that we may only read without an error, so the write is tested here.
      drive(probe(0));
    } else drive(checkVersion());
    database.exec('commit');
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}

async function start({ path, exclusive }: WorkerOptions): Promise<void> {
  let file: OpenFile | null = null;
  try {
    file = await openFile(path, exclusive);
    prepare(file, exclusive);
    serve(file, path);
    send({ kind: 'open' });
  } catch (error) {
    // Without this, the file and its lock would stay open after the thread has ended.
    file?.close();
    send({ kind: 'failed', failure: failureOf(error) });
    port.close();
  }
}

await start(workerData as WorkerOptions);
