// A server that is not listening yet and an address in, the address on which it listens out. Refuses an address that is in
// use or not this machine's: GatewayError `config-invalid`, which names the setting to change.
import type { AddressInfo, Server } from 'node:net';
import { GatewayError } from '../core/errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Port 0 picks one. After it resolves, the server's errors are the caller's. */
export function listen(server: Server, { host, port }: ListenAddress, setting: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const message = `${setting}: cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new GatewayError('config-invalid', message, { cause }));
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}
