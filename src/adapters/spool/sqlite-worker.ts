// The thread that owns the SQLite file. A group of calls, those that came while it was busy, shares a transaction and its
// fsync; where one of them is refused each is run alone, so that it fails alone. Answers go out after the commit.
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { GatewayError } from '../../core/errors.ts';
import { askForRoom } from './assert-free-space.ts';
import { type Operation, query, sqliteDialect } from './operation.ts';
import { bindOperations, mustLast, type OperationName, startOperation, writes } from './operations.ts';
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

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  /** Another process wrote to the file. */
  | { readonly kind: 'foreign' };

const port = parentPort!;
const foreignCheckMs = 500;

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

  const failAll = (calls: readonly Call[], error: unknown): Answer[] =>
    calls.map(({ id }) => ({ id, failure: failureOf(error) }));

  let waits = true;
  /** Without it a commit is in the log, and on the disk with the next one that waits. */
  const waitForDisk = (wanted: boolean): void => {
    if (wanted !== waits) step(`pragma synchronous = ${wanted ? 'full' : 'normal'}`);
    waits = wanted;
  };

  const runGroup = (calls: readonly Call[]): Answer[] => {
    try {
      waitForDisk(calls.some(({ name }) => mustLast(name)));
      step(calls.some(({ name }) => writes(name)) ? 'begin immediate' : 'begin');
    } catch (error) {
      // Another process has the file for longer than we wait: it would have it for the next call too.
      return failAll(calls, error);
    }
    try {
      if (calls.some(({ name }) => name === 'put' || name === 'probe')) askForRoom(dirname(path));
      const answers = calls.map(({ id, name, args }) => ({ id, value: drive(startOperation(operations, name, args)) }));
      step('commit');
      return answers;
    } catch (error) {
      rollBack(step);
      return calls.length === 1 ? failAll(calls, error) : calls.flatMap((call) => runGroup([call]));
    }
  };

  // At once, for there must be a version to compare with.
  checkForeign(drive);
  const watch = setInterval(() => checkForeign(drive), foreignCheckMs);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') {
      const answers = runGroup(message.calls);
      send({ kind: 'answers', answers }, answers.flatMap(rawBuffers));
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
    // SQLite had rolled back by itself.
  }
}

/** The buffers of raw mails in an answer: they are handed over, not copied. */
function rawBuffers(answer: Answer): ArrayBuffer[] {
  if (!('value' in answer) || answer.value === null || typeof answer.value !== 'object') return [];
  const values: unknown[] = Array.isArray(answer.value) ? answer.value : [answer.value];
  return values.flatMap((value) => {
    const { raw, tasks } = value as { raw?: Uint8Array | null; tasks?: readonly { raw: Uint8Array | null }[] };
    const all = tasks ? tasks.map((task) => task.raw) : [raw];
    return all.flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
  });
}

let seenVersion: unknown;

/** `data_version` changes when another connection has committed. */
function checkForeign(drive: <T>(operation: Operation<T>) => T): void {
  try {
    const version = drive(query<{ data_version: number }>('pragma data_version'))[0]?.data_version;
    if (seenVersion !== undefined && seenVersion !== version) send({ kind: 'foreign' });
    seenVersion = version;
  } catch {
    // A disk that fails shows in the calls themselves.
  }
}

function prepare({ database }: OpenFile, exclusive: boolean): void {
  const drive = driver(database);
  database.exec('begin immediate');
  try {
    if (exclusive) {
      drive(migrate(sqliteDialect));
      // The lock proves that whoever held a lease is gone.
      drive(freeAllLanes());
      // A file that another user owns opens all the same, for reading.
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
    // Left open, the file and its lock would outlive this thread.
    file?.close();
    send({ kind: 'failed', failure: failureOf(error) });
    port.close();
  }
}

await start(workerData as WorkerOptions);
