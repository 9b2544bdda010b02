// Stops the gateway on a signal and logs why the process ends. In: SIGTERM or SIGINT, and the function that stops the gateway;
// out: exit status 0, or 1 if stopping fails. A second signal ends the process at once.
import type { Log } from '../../flow/ports/log.ts';

export function runUntilSignal(log: Log, stop: () => Promise<void>): void {
  const exit = (exitStatus: number, why: object = {}): never => {
    log[exitStatus === 0 ? 'info' : 'error']({ exitStatus, ...why }, 'gateway stopped');
    process.exit(exitStatus);
  };
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) exit(1, { signal });
      stopping = true;
      log.info({ signal }, 'gateway stopping');
      void stop().then(
        () => exit(0),
        (error: unknown) => exit(1, { err: error }),
      );
    });
  }
  // Node prints the error and exits with 1 after this.
  process.on('uncaughtExceptionMonitor', (error) => log.error({ exitStatus: 1, err: error }, 'gateway stopped'));
}
