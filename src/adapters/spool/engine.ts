// The interface of a database back end: named operations in, their results out. SQLite and PostgreSQL implement it.
import type { QueueName } from '../../flow/ports/spool.ts';
import type { Arguments, OperationName, Result } from './operations.ts';

/** Runs operations, each in a transaction of its own, durable when it resolves. Throws GatewayError. */
export interface Engine {
  run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>>;
  /** Tells other processes that these queues have work; `listener` hears of theirs. */
  announce(queues: ReadonlySet<QueueName>): void;
  onForeignWork(listener: (queues: Iterable<QueueName>) => void): void;
  close(): Promise<void>;
}
