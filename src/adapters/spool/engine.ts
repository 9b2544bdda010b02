// The interface of a database back end, implemented for SQLite and PostgreSQL. In: an operation's name and arguments; out:
// its result. It refuses an operation by throwing a GatewayError.
import type { QueueName } from '../../flow/ports/spool.ts';
import type { Arguments, OperationName, Result } from './operations.ts';

export interface Engine {
  /** Runs the operation in its own transaction, which is durable when the promise resolves. Throws GatewayError. */
  run<N extends OperationName>(name: N, ...args: Arguments<N>): Promise<Result<N>>;
  /** Notifies other processes that these queues have work. */
  announce(queues: ReadonlySet<QueueName>): void;
  /** Calls the listener when another process has created work. */
  onExternalWork(listener: (queues: Iterable<QueueName>) => void): void;
  close(): Promise<void>;
}
